import { serveParent } from "../../electron/main/serve-parent.ts";
import { ScriptedCore } from "../fakes/window-core.ts";

/**
 * A program for the core's place that plays a script, for tests of the desktop shell alone. `folder.list` tells what
 * the shell said, the child it started, and what the child answered.
 */
serveParent(async (_settings, { spawnChild }) => {
  const core = new ScriptedCore();
  const heard: string[] = [];
  let child: ReturnType<typeof spawnChild> | undefined;
  return {
    core: {
      asset: (path) => core.asset(path),
      subscribe: (listener) => core.subscribe(listener),
      handlers: {
        ...core.handlers,
        "import.start": async (request, context) => {
          const job = await core.handlers["import.start"](request, context);
          core.finish(job.jobId);
          return job;
        },
        "folder.list": async ({ path }, { signal }) => {
          if (path === "/never")
            await new Promise((_resolve, reject) =>
              signal.addEventListener("abort", () => {
                heard.push("cancelled");
                reject(signal.reason);
              }),
            );
          if (path === "/child" && !child) {
            child = spawnChild("previews");
            child.onMessage((message) => heard.push(`child says ${JSON.stringify(message)}`));
            child.onExit((code) => heard.push(`child ended with ${code}`));
            child.postMessage({ hello: "child" });
          }
          if (path === "/child/kill") child?.kill();
          return { path: heard.join("\n"), parent: null, folders: [], pictures: 0 };
        },
      },
    },
    onSystemEvent: (event) => heard.push(event),
    [Symbol.asyncDispose]: async () => {
      await new Promise((resolve) => process.stdout.write("core closed\n", resolve));
    },
  };
});
