import { systemClock } from "#kernel/clock.ts";
import { importFolders } from "../studio/cli/import-command.ts";
import { humanReport } from "../studio/cli/import-report.ts";
import { runProgram } from "../studio/cli/main.ts";
import { settingsOf } from "../studio/cli/setting-flags.ts";

/** `npm run demo`: makes 24 sample pictures in the home folder, and imports them. */
const SAMPLES = 24;

await runProgram(async (context) => {
  const { output, signal } = context;
  const report = humanReport(output, systemClock.now);
  const settings = settingsOf({});
  const code = await importFolders({ settings, wait: true, report, context }, async ({ studio }) => {
    output.line(`Making ${SAMPLES} sample pictures in ${settings.home}…`);
    return [await studio.samples({ signal })];
  });
  context.end(code);
  output.line(`Everything is in ${settings.home}. Open it in a window: npm start`);
});
