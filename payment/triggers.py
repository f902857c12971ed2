"""What the database itself promises about the books (L1, L3) and their seal (L17), installed after migrate and removed
before it.

On SQLite a migration that remakes a table drops its triggers in silence, hence not in a migration.
"""

import re
from typing import Any

from django.db import connections

# what else is only ever added to, and by which columns INSERT OR REPLACE could take an old row's place
APPEND_ONLY = {
    "payment_auditrun": ("id = NEW.id",),
    "payment_batch": ("number = NEW.number",),
    "payment_halt": ("id = NEW.id",),
    "payment_lift": ("id = NEW.id", "halt_id = NEW.halt_id AND by_id = NEW.by_id"),
    "payment_paper": (
        "id = NEW.id",
        "series_id = NEW.series_id AND number = NEW.number",
        "transfer_id = NEW.transfer_id AND kind = NEW.kind",
    ),
    "payment_seal": ("number = NEW.number", "transfer_id = NEW.transfer_id"),
}

# written for a row NEW, in what both databases understand
OWNER_FITS_KIND = """
  (NEW.kind IN ('wallet', 'pending', 'available', 'receivable')) = (NEW.user_id IS NOT NULL)
  AND (NEW.kind = 'escrow') = (NEW.escrow_id IS NOT NULL)
  AND (NEW.kind = 'in_transit') = (NEW.payout_id IS NOT NULL)
  AND (NEW.kind = 'cause') = (NEW.cause_id IS NOT NULL)
  AND (NEW.kind IN ('gateway', 'fees', 'gateway_fees', 'loss', 'capital')) =
      (NEW.user_id IS NULL AND NEW.escrow_id IS NULL AND NEW.payout_id IS NULL AND NEW.cause_id IS NULL)
"""
ACCOUNT = "id, kind, currency, user_id, escrow_id, payout_id, cause_id"  # all but its balance


def _sqlite_append_only(table: str, same: tuple[str, ...]) -> dict[str, str]:
    name, told = (
        table.replace("payment_", "ledger_"),
        f"BEGIN SELECT RAISE(ABORT, 'ledger: {table} is append-only'); END",
    )
    there = " OR ".join(f"EXISTS (SELECT 1 FROM {table} WHERE {condition})" for condition in same)  # noqa: S608
    return {
        f"{name}_no_update": f"CREATE TRIGGER {name}_no_update BEFORE UPDATE ON {table} {told}",
        f"{name}_no_delete": f"CREATE TRIGGER {name}_no_delete BEFORE DELETE ON {table} {told}",
        f"{name}_no_replace": f"CREATE TRIGGER {name}_no_replace BEFORE INSERT ON {table} WHEN {there} {told}",
    }


def _postgresql_append_only(table: str) -> dict[str, str]:
    name = table.replace("payment_", "ledger_")
    return {
        f"{name}_frozen": f"BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION ledger_refuse()",
        f"{name}_kept": f"BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse()",
    }


SQLITE = {
    "ledger_entry_no_update": """CREATE TRIGGER ledger_entry_no_update BEFORE UPDATE ON payment_entry
        BEGIN SELECT RAISE(ABORT, 'ledger: entries are append-only'); END""",
    "ledger_entry_no_delete": """CREATE TRIGGER ledger_entry_no_delete BEFORE DELETE ON payment_entry
        BEGIN SELECT RAISE(ABORT, 'ledger: entries are append-only'); END""",
    "ledger_transfer_no_update": """CREATE TRIGGER ledger_transfer_no_update BEFORE UPDATE ON payment_transfer
        BEGIN SELECT RAISE(ABORT, 'ledger: transfers are append-only'); END""",
    "ledger_transfer_no_delete": """CREATE TRIGGER ledger_transfer_no_delete BEFORE DELETE ON payment_transfer
        BEGIN SELECT RAISE(ABORT, 'ledger: transfers are append-only'); END""",
    # INSERT OR REPLACE deletes what is in its way without asking a DELETE trigger
    "ledger_entry_no_replace": """CREATE TRIGGER ledger_entry_no_replace BEFORE INSERT ON payment_entry
        WHEN EXISTS (SELECT 1 FROM payment_entry WHERE id = NEW.id)
        BEGIN SELECT RAISE(ABORT, 'ledger: entries are append-only'); END""",
    "ledger_transfer_no_replace": """CREATE TRIGGER ledger_transfer_no_replace BEFORE INSERT ON payment_transfer
        WHEN EXISTS (SELECT 1 FROM payment_transfer WHERE id = NEW.id OR key = NEW.key)
        BEGIN SELECT RAISE(ABORT, 'ledger: transfers are append-only'); END""",
    "ledger_transfer_reversed_once": """CREATE TRIGGER ledger_transfer_reversed_once BEFORE INSERT ON payment_transfer
        WHEN EXISTS (SELECT 1 FROM payment_transfer WHERE reverses_id = NEW.reverses_id)
        BEGIN SELECT RAISE(ABORT, 'ledger: reverses_id names a transfer that is reversed already'); END""",
    # what was proved of the entries was proved in their accounts' currencies
    "ledger_account_stays": f"""CREATE TRIGGER ledger_account_stays BEFORE UPDATE OF {ACCOUNT} ON payment_account
        BEGIN SELECT RAISE(ABORT, 'ledger: whose an account is, and its currency, stay as they are'); END""",
    "ledger_account_no_replace": """CREATE TRIGGER ledger_account_no_replace BEFORE INSERT ON payment_account
        WHEN EXISTS (SELECT 1 FROM payment_account WHERE id = NEW.id)
        BEGIN SELECT RAISE(ABORT, 'ledger: whose an account is, and its currency, stay as they are'); END""",
    "ledger_account_fits": f"""CREATE TRIGGER ledger_account_fits BEFORE INSERT ON payment_account
        WHEN NOT ({OWNER_FITS_KIND})
        BEGIN SELECT RAISE(ABORT, 'ledger: an account of this kind has another owner'); END""",
    "ledger_entry_not_late": """CREATE TRIGGER ledger_entry_not_late BEFORE INSERT ON payment_entry
        WHEN EXISTS (SELECT 1 FROM payment_transfer WHERE id = NEW.transfer_id)
        BEGIN SELECT RAISE(ABORT, 'ledger: this transfer is closed'); END""",
    "ledger_transfer_sum": """CREATE TRIGGER ledger_transfer_sum BEFORE INSERT ON payment_transfer
        WHEN (SELECT count(*) FROM payment_entry WHERE transfer_id = NEW.id) < 2
          OR EXISTS (SELECT 1 FROM payment_entry e JOIN payment_account a ON a.id = e.account_id
                     WHERE e.transfer_id = NEW.id GROUP BY a.currency HAVING sum(e.amount) <> 0)
        BEGIN SELECT RAISE(ABORT, 'ledger: entries do not sum to zero'); END""",
}
for _table, _same in APPEND_ONLY.items():
    SQLITE |= _sqlite_append_only(_table, _same)

POSTGRESQL_FUNCTIONS = f"""
CREATE OR REPLACE FUNCTION ledger_account_fits() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT ({OWNER_FITS_KIND}) THEN
    RAISE EXCEPTION 'ledger: an account of this kind has another owner' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
"""
POSTGRESQL_FUNCTIONS += """
CREATE OR REPLACE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'ledger: % is append-only', TG_TABLE_NAME; END $$;

-- Of a transfer, at COMMIT: it has entries. They sum to zero: ledger_prove_entries has seen all there are.
CREATE OR REPLACE FUNCTION ledger_prove() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM payment_entry e WHERE e.transfer_id = NEW.id) THEN
    RAISE EXCEPTION 'ledger: % has no entries that sum to zero', NEW.id;
  END IF;
  RETURN NULL;
END $$;

-- Of the entries that one statement adds, at its end: a transfer takes entries only while ledger_post writes it, and they
-- balance by themselves (so there are two or more), so whatever was there still does.
CREATE OR REPLACE FUNCTION ledger_prove_entries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM added e LEFT JOIN payment_account a ON a.id = e.account_id GROUP BY e.transfer_id, a.currency
  HAVING sum(e.amount) <> 0 OR e.transfer_id::text IS DISTINCT FROM current_setting('ledger.posting', true);
  IF FOUND THEN
    RAISE EXCEPTION 'ledger: added entries do not sum to zero, or this transfer is closed';
  END IF;
  RETURN NULL;
END $$;

-- Of an earlier version, with its trigger.
DROP FUNCTION IF EXISTS ledger_entry_not_late() CASCADE;
-- Its form of earlier versions: another list of arguments would be another function beside it.
DROP FUNCTION IF EXISTS ledger_post(uuid, text, text, text, text, uuid, bigint[], bigint[]);
DROP FUNCTION IF EXISTS ledger_post(uuid, text, text, text, text, uuid, uuid, bigint[], bigint[]);

CREATE OR REPLACE FUNCTION ledger_post(
  p_id uuid, p_key text, p_kind text, p_reason text, p_fingerprint text, p_escrow uuid, p_reverses uuid,
  p_accounts bigint[], p_amounts bigint[], OUT transfer_id uuid, OUT kept text, OUT written timestamptz
) LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM payment_halt h WHERE (SELECT count(*) FROM payment_lift l WHERE l.halt_id = h.id) < 2) THEN
    SELECT t.id, t.fingerprint INTO transfer_id, kept FROM payment_transfer t WHERE t.key = p_key;
    RETURN;  -- money stands still: what was done is answered, nothing new is
  END IF;
  INSERT INTO payment_transfer (id, key, kind, reason, fingerprint, escrow_id, reverses_id, at)
  VALUES (p_id, p_key, p_kind, p_reason, p_fingerprint, p_escrow, p_reverses, clock_timestamp())
  ON CONFLICT (key) DO NOTHING RETURNING at INTO written;
  IF NOT FOUND THEN
    SELECT t.id, t.fingerprint INTO transfer_id, kept FROM payment_transfer t WHERE t.key = p_key;
    RETURN;
  END IF;
  -- Given in account order: no deadlock. Before the entries: an account's entries are numbered in the order of its locks.
  FOR i IN 1 .. array_length(p_accounts, 1) LOOP
    UPDATE payment_account SET balance = balance + p_amounts[i] WHERE id = p_accounts[i] AND balance IS NOT NULL;
  END LOOP;
  PERFORM set_config('ledger.posting', p_id::text, true);
  INSERT INTO payment_entry (transfer_id, account_id, amount)
  SELECT p_id, line.account, line.amount FROM unnest(p_accounts, p_amounts) AS line(account, amount);
  PERFORM set_config('ledger.posting', '', true);
  transfer_id := p_id;
  kept := p_fingerprint;
END $$;
"""

POSTGRESQL = {
    "ledger_account_fits": "BEFORE INSERT ON payment_account FOR EACH ROW EXECUTE FUNCTION ledger_account_fits()",
    # what was proved of the entries was proved in their accounts' currencies
    "ledger_account_stays": f"BEFORE UPDATE OF {ACCOUNT} ON payment_account FOR EACH ROW EXECUTE FUNCTION ledger_refuse()",
    "ledger_entry_frozen": "BEFORE UPDATE OR DELETE ON payment_entry FOR EACH ROW EXECUTE FUNCTION ledger_refuse()",
    "ledger_transfer_frozen": (
        "BEFORE UPDATE OR DELETE ON payment_transfer FOR EACH ROW EXECUTE FUNCTION ledger_refuse()"
    ),
    "ledger_entry_kept": "BEFORE TRUNCATE ON payment_entry FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse()",
    "ledger_transfer_kept": "BEFORE TRUNCATE ON payment_transfer FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse()",
    "ledger_transfer_proved": (
        "AFTER INSERT ON payment_transfer DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_prove()"
    ),
    "ledger_entry_proved": (
        "AFTER INSERT ON payment_entry REFERENCING NEW TABLE AS added "
        "FOR EACH STATEMENT EXECUTE FUNCTION ledger_prove_entries()"
    ),
}
for _table in APPEND_ONLY:
    POSTGRESQL |= _postgresql_append_only(_table)
TABLES = ("payment_entry", "payment_transfer", *APPEND_ONLY)


def install(sender: Any, using: str = "default", **_kwargs: Any) -> None:
    """`post_migrate`: make every trigger anew."""
    connection = connections[using]
    if not set(TABLES) <= set(connection.introspection.table_names()):
        return
    remove(sender, using)
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            for statement in SQLITE.values():
                cursor.execute(statement)
            return
        cursor.execute(POSTGRESQL_FUNCTIONS)
        for name, definition in POSTGRESQL.items():
            form = "CREATE CONSTRAINT TRIGGER" if "DEFERRABLE" in definition else "CREATE TRIGGER"
            cursor.execute(f"{form} {name} {definition}")


def remove(sender: Any, using: str = "default", **_kwargs: Any) -> None:
    """`pre_migrate`: out of the way of schema changes, also while a table of this version is still to be made."""
    connection = connections[using]
    there = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            for name in SQLITE:
                cursor.execute(f"DROP TRIGGER IF EXISTS {name}")
            return
        for name, definition in POSTGRESQL.items():
            if (table := _target(definition)[0]) in there:
                cursor.execute(f"DROP TRIGGER IF EXISTS {name} ON {table}")


def missing(using: str = "default") -> list[str]:
    """Names of triggers and functions that are not as they should be: absent, switched off, or of another version."""
    connection = connections[using]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            there = dict(cursor.fetchall())
            return sorted(name for name, statement in SQLITE.items() if there.get(name) != statement)
        # enabled as O (origin) or A (always); R would fire on a replica alone
        cursor.execute(
            "SELECT t.tgname, t.tgrelid::regclass::text, p.proname FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid "
            "WHERE t.tgenabled IN ('O', 'A')"
        )
        standing = {(name, table.split(".")[-1], function) for name, table, function in cursor.fetchall()}
        cursor.execute("SELECT proname, prosrc FROM pg_proc WHERE proname LIKE 'ledger\\_%%'")
        bodies = dict(cursor.fetchall())
    faults = [name for name, text in POSTGRESQL.items() if (name, *_target(text)) not in standing]
    return sorted({*faults, *(name for name, body in _bodies().items() if bodies.get(name) != body)})


def _target(definition: str) -> tuple[str, str]:
    """The table and the function that a trigger's definition names."""
    found = re.search(r" ON (\w+) .*EXECUTE FUNCTION (\w+)", definition)
    if found is None:
        raise ValueError(f"This is no trigger: {definition}")
    return found[1], found[2]


def _bodies() -> dict[str, str]:
    """Each function of POSTGRESQL_FUNCTIONS and its body."""
    return dict(re.findall(r"FUNCTION (\w+)\([^$]*?AS \$\$(.*?)\$\$", POSTGRESQL_FUNCTIONS, re.DOTALL))
