/** A child program's way to the program that started it. Messages are structured clones. */
export interface ParentChannel {
  postMessage(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  /** The parent has gone, or does not want this child any more: nobody would hear an answer. */
  onClose(listener: () => void): void;
}

/** What this file needs of Electron's `MessagePortMain`. */
interface Port {
  on(event: "message", listener: (event: { readonly data: unknown }) => void): unknown;
  on(event: "close", listener: () => void): unknown;
  postMessage(message: unknown): void;
  start(): void;
}

/** Electron's `process.parentPort`, which only a utility process has. */
interface UtilityParentPort {
  once(event: "message", listener: (event: { readonly ports: readonly Port[] }) => void): unknown;
}

/**
 * Opens the channel: in a process that Node forked, its IPC channel; in one of Electron's utility processes, the port
 * that its first message brings (it leads to the core, not to the main process). Messages wait until somebody listens.
 * @throws Error when nobody started this program with a channel
 */
export async function openParentChannel(): Promise<ParentChannel> {
  const parentPort: UtilityParentPort | undefined = Reflect.get(process, "parentPort");
  if (parentPort) {
    const port = await new Promise<Port>((resolve, reject) =>
      parentPort.once("message", ({ ports: [first] }) =>
        first ? resolve(first) : reject(new Error("The first message brought no port.")),
      ),
    );
    return {
      postMessage: (message) => port.postMessage(message),
      onMessage: (listener) => {
        port.on("message", ({ data }) => listener(data));
        port.start();
      },
      onClose: (listener) => void port.on("close", listener),
    };
  }
  if (!process.send) throw new Error("This program is started by Platemark, with a channel to talk over.");
  return {
    postMessage: (message) => void process.send?.(message),
    onMessage: (listener) => void process.on("message", listener),
    onClose: (listener) => void process.on("disconnect", listener),
  };
}
