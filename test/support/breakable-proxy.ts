import { connect, createServer, type Server, type Socket } from "node:net";

/** A TCP proxy on loopback whose connections a test can cut, and that can be away for a while. */
export class BreakableProxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #target: { readonly host: string; readonly port: number };
  #away = false;

  private constructor(target: { readonly host: string; readonly port: number }) {
    this.#target = target;
    this.#server = createServer((client) => {
      if (this.#away) return client.destroy();
      const upstream = connect(this.#target);
      for (const socket of [client, upstream]) {
        this.#sockets.add(socket);
        socket.on("error", () => {});
        socket.on("close", () => {
          this.#sockets.delete(socket);
          client.destroy();
          upstream.destroy();
        });
      }
      client.pipe(upstream).pipe(client);
      return client;
    });
  }

  static async to(target: { readonly host: string; readonly port: number }): Promise<BreakableProxy> {
    const proxy = new BreakableProxy(target);
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  /** Connections from now on go there. */
  aim(target: { readonly host: string; readonly port: number }): void {
    this.#target = target;
  }

  /** Cuts every connection; new ones are cut at once until `mend`. */
  break(): void {
    this.#away = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  /** From now on nothing passes, and nobody is told: as when a cable is pulled. */
  hush(): void {
    for (const socket of this.#sockets) socket.unpipe().pause();
  }

  mend(): void {
    this.#away = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.break();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
