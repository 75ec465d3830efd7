/** A child for the previews' place: answers every message on the channel that its first message brought. */
process.parentPort.once("message", ({ ports: [port] }) => {
  port!.on("message", ({ data }) => port!.postMessage({ echo: data }));
  port!.start();
});
