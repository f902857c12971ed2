// The one module of every page: each import stands for one thing and starts itself.
import "./theme.js";
import "./clock.js";
import "./dialog.js";
import "./toast.js";
import "./menu.js";
import "./tabs.js";
import "./answers.js";
import "./offline.js";
import "./bid_form.js";
import "./markdown_preview.js";
import "./draft.js";
import "./connection.js";
import "./live.js";
import "./board.js";
import "./upload.js";
import "./chat.js";
import "./contact_check.js";
