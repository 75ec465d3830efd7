import type { NodeServerResponse } from "../listener/node-http.ts";

/** Says that the answer also depends on a header of the request; what has been said stays. */
export function addVary(response: NodeServerResponse, name: string): void {
  const said = response.getHeader("vary");
  if (said === undefined) response.setHeader("vary", name);
  else if (
    !String(said)
      .toLowerCase()
      .split(/\s*,\s*/)
      .includes(name.toLowerCase())
  )
    response.setHeader("vary", `${said}, ${name}`);
}
