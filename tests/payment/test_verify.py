"""Check it yourself: the evidence of a contract verifies without us, for the parties alone, and no byte of it can change."""

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from payment import seal, seal_tree, verify
from payment.models import Account, Batch, Transfer
from projects import disputes, milestones
from projects.models import Contract
from skilllink.ids import uuid7
from tests.builders.payment import put_in_wallet
from tests.builders.projects_contracts import signed_contract
from users.models import User

SCRIPT = Path(__file__).resolve().parents[2] / "docs" / "examples" / "verify_evidence.py"


def loaded() -> Any:
    """The script as anyone runs it, without anything of ours."""
    spec = importlib.util.spec_from_file_location("verify_evidence", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


script = loaded()


@pytest.fixture
def contract(client_person: User, freelancer: User, outsider: User) -> Contract:
    """A contract with a release, a dispute and a refund, sealed in several batches between other people's money."""
    put_in_wallet(outsider, 4_400)
    made = signed_contract(client_person, freelancer, amounts=(9_000, 4_000, 700))
    seal.run()
    first, second, _third = made.milestones.order_by("position")
    milestones.release(first, by=client_person)
    put_in_wallet(outsider, 5_500)
    seal.run()
    disputes.open(second, by=client_person, amount=1_000, reason="Half of it is missing.")
    seal.run()
    return made


def file_of(contract: Contract, person: User, client: Client) -> str:
    client.force_login(person)
    return client.get(reverse("payment:evidence_file", args=[contract.pk])).content.decode()


def roots(client: Client) -> str:
    answer = client.get(reverse("payment:roots_file"))
    return b"".join(answer.streaming_content).decode()


def test_both_parties_get_evidence_of_every_transfer_that_verifies_offline(
    contract: Contract, client_person: User, freelancer: User, client: Client
) -> None:
    for person in (client_person, freelancer):
        text = file_of(contract, person, client)
        found = script.verify(text, roots(client))
        kinds = [json.loads(one["line"])["kind"] for one in json.loads(text)["transfers"]]
        assert sorted(kinds) == ["hold", "move", "move", "move", "move", "release"]
        assert found[0] == f"6 transfers stand in {len(json.loads(text)['batches'])} sealed batches as they were."
        assert Batch.objects.order_by("-number")[0].head in found[-1]


def test_nothing_of_anybody_else_is_in_it(
    contract: Contract, client_person: User, outsider: User, client: Client
) -> None:
    text = file_of(contract, client_person, client)
    theirs = Account.objects.filter(user=outsider).values_list("pk", flat=True)
    lines = [json.loads(one["line"]) for one in json.loads(text)["transfers"]]
    touched = {account for line in lines for account, _currency, _amount in line["entries"]}
    assert touched and not touched & set(theirs)
    assert {row["account"] for row in json.loads(text)["accounts"]} == touched
    for person in User.objects.all():
        assert person.email not in text and person.name not in text and str(person.pk) not in text
    assert set(Transfer.objects.filter(kind="deposit").values_list("key", flat=True)).isdisjoint(
        line["key"] for line in lines
    )


def test_a_stranger_and_nobody_get_what_they_get_for_a_contract_that_is_not_there(
    contract: Contract, outsider: User, client: Client
) -> None:
    for name in ("payment:verify", "payment:evidence_file", "api:contract_evidence"):
        address, nowhere = reverse(name, args=[contract.pk]), reverse(name, args=[uuid7()])
        client.logout()
        assert client.get(address).status_code in (302, 401, 403)
        client.force_login(outsider)
        theirs, none = client.get(address), client.get(nowhere)
        assert (theirs.status_code, none.status_code) == (404, 404)
        assert _without(contract, theirs) == _without(contract, none)


def _without(contract: Contract, answer: Any) -> str:
    """The body but for what differs at each request: the tokens and the address itself."""
    text = re.sub(r'X-CSRFToken": "[^"]+"|csrfmiddlewaretoken" value="[^"]+"', "", answer.content.decode())
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "", text)


def test_the_api_gives_the_same_file(contract: Contract, client_person: User, client: Client) -> None:
    client.force_login(client_person)
    answer = client.get(reverse("api:contract_evidence", args=[contract.pk]))
    assert answer["Content-Type"] == "application/json"
    assert script.verify(answer.content.decode(), roots(client))
    assert json.loads(answer.content)["about"] == {
        "kind": "contract", "id": str(contract.pk), "title": contract.title,
    }  # fmt: skip


def test_a_change_of_any_byte_is_noticed(contract: Contract, client_person: User, client: Client) -> None:
    text = file_of(contract, client_person, client)
    unnoticed = []
    for at, letter in enumerate(text):
        changed = text[:at] + ("0" if letter != "0" else "1") + text[at + 1 :]
        if _verifies(changed):
            unnoticed.append((at, letter))
    for at in range(0, len(text), 97):
        if _verifies(text[:at] + text[at + 1 :]) or _verifies(text[:at] + " " + text[at:]):
            unnoticed.append((at, "removed or added"))
    assert unnoticed == []


def _verifies(text: str) -> bool:
    try:
        script.verify(text)
    except (script.Wrong, KeyError, ValueError, TypeError, AttributeError, IndexError):
        return False
    return True


def forged(text: str, change: Any) -> str:
    """The evidence with a change, and its digest put right."""
    content = json.loads(text)
    change(content)
    content["digest"] = verify.digest(content)
    return verify.written(content)


def test_a_forger_who_puts_the_digest_right_fails_at_the_proof_and_at_the_published_roots(
    contract: Contract, client_person: User, client: Client
) -> None:
    text = file_of(contract, client_person, client)

    def richer(content: Any) -> None:
        line = content["transfers"][1]["line"]
        content["transfers"][1]["line"] = line.replace('"kind":"', '"kind":"x')

    def rehashed(content: Any) -> None:
        richer(content)
        one = content["transfers"][1]
        batch = next(row for row in content["batches"] if row["number"] == one["batch"])
        one["leaf"] = seal_tree.leaf(one["line"])
        size = batch["last"] - batch["first"] + 1
        batch["root"] = seal_tree.root_of(one["leaf"], one["index"], size, one["proof"])
        content["transfers"] = [one]
        content["batches"] = [batch]
        batch["head"] = script.head_of(batch)

    with pytest.raises(script.Wrong, match="leaf"):
        script.verify(forged(text, richer))
    whole = forged(text, rehashed)
    assert script.verify(whole)  # right in itself …
    with pytest.raises(script.Wrong, match="published"):
        script.verify(whole, roots(client))  # … and not what everybody can read


def test_roots_that_were_rewritten_or_cut_do_not_carry_the_evidence(
    contract: Contract, client_person: User, client: Client
) -> None:
    text, published = file_of(contract, client_person, client), roots(client)
    rows = published.splitlines()
    for wrong in ("\n".join(rows[:-1]), published.replace(rows[1].split()[3], "0" * 64), "\n".join(rows[2:])):
        with pytest.raises(script.Wrong):
            script.verify(text, wrong)


def test_the_script_says_so_and_exits_with_it(
    contract: Contract, client_person: User, client: Client, tmp_path: Path, capsys: Any
) -> None:
    text, published = file_of(contract, client_person, client), roots(client)
    (tmp_path / "evidence.json").write_text(text)
    (tmp_path / "roots.txt").write_text(published)
    command = [sys.executable, "-I", "-S", str(SCRIPT), "evidence.json", "roots.txt"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "6 transfers stand" in done.stdout
    (tmp_path / "evidence.json").write_text(text.replace('"hold', '"held', 1).replace("hold", "held", 1))
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1 and done.stdout.startswith("DOES NOT FIT")


def test_what_is_not_sealed_yet_is_said_and_verifies_later(
    contract: Contract, client_person: User, client: Client
) -> None:
    milestones.release(contract.milestones.order_by("position")[2], by=client_person)
    text = file_of(contract, client_person, client)
    assert script.verify(text)[1] == "1 more were not sealed yet."
    page = client.get(reverse("payment:verify", args=[contract.pk])).content.decode()
    assert "not sealed yet" in page
    seal.run()
    assert len(json.loads(file_of(contract, client_person, client))["transfers"]) == 7


def test_the_page_shows_each_transfer_with_what_moved_and_leads_to_the_terms(
    contract: Contract, client_person: User, client: Client
) -> None:
    client.force_login(client_person)
    workspace = client.get(contract.get_absolute_url()).content.decode()
    address = reverse("payment:verify", args=[contract.pk])
    assert f'href="{address}"' in workspace
    page = client.get(address).content.decode()
    assert page.count("data-leaf=") == 6
    assert "$90.00" in page.replace('<span class="cents">', "").replace("</span>", "")
    assert reverse("projects:contract_terms", args=[contract.pk]) in page


def test_the_published_roots_are_asked_for_by_number_and_nothing_else(contract: Contract, client: Client) -> None:
    address = reverse("payment:roots")
    answer = client.get(f"{address}?batch=1&batch=2").json()["batches"]
    assert [row["number"] for row in answer] == [1, 2]
    assert client.get(address).json() == {"batches": []}
    for wrong in ("x", "-1", "1.5", "１", "9" * 40):
        assert client.get(address, {"batch": wrong}, headers={"Accept": "application/json"}).status_code == 400
