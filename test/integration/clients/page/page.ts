import { Call, type CallOrder, type CallOutcome } from "./call.ts";
import { callByGoogle } from "./google-client.ts";
import { callByImprobable } from "./improbable-client.ts";

declare global {
  interface Window {
    readonly clients: PageClients;
  }
}

/** What tests ask of the page. */
export interface PageClients {
  call(order: CallOrder): Promise<CallOutcome>;
  /** Takes the last call back. */
  abort(): void;
}

let last: Call | undefined;
const clients: PageClients = {
  call(order) {
    const call = new Call(order);
    last = call;
    const [maker, way] = order.client.split(" ");
    if (maker === "grpc-web") callByGoogle(call, way as "binary" | "text");
    else callByImprobable(call, way as "fetch" | "xhr" | "websocket");
    return call.ended.promise;
  },
  abort: () => last?.abort(),
};
Object.assign(window, { clients });
