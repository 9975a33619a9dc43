// What every page of a signed-in agent hears: colleagues' statuses and notices. The workspace has a
// stream already; other pages open one for it, so that whoever changes settings is not offline.

import { $ } from "../lib/dom.js";
import { connect, deliver } from "../lib/live.js";
import { Stream } from "../lib/stream.js";
import "./approvals.js";
import "./notices.js";
import "./status.js";
import "./suggestions.js";

if (!$("#workspace")) {
  const none = { path: "/ws/workspace/", entriesUrl: () => "" }; // no conversation is open here
  connect(new Stream({ ...none, onFrame: deliver }).start());
}
