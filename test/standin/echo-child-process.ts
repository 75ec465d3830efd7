import { openParentChannel } from "../../server/workers/parent-channel.ts";

/** A child for the previews' place: answers every message, and tells which settings its environment brought along. */
const parent = await openParentChannel();
const inherited = Object.keys(process.env).filter((name) => name.startsWith("PLATEMARK_"));
parent.onMessage((message) => parent.postMessage({ echo: message, inherited }));
