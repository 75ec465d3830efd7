import { openParentChannel } from "../../server/workers/parent-channel.ts";

/** A child for the previews' place: answers every message. */
const parent = await openParentChannel();
parent.onMessage((message) => parent.postMessage({ echo: message }));
