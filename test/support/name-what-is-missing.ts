import { COMPONENT_VARIABLES } from "./component-variables.ts";

/** Global set-up of the test run: its last words name what was passed over, and how to have it. */
export default function setup(): () => void {
  return () => {
    const missing = Object.entries(COMPONENT_VARIABLES).filter(([, variable]) => !process.env[variable]);
    if (missing.length === 0) return;
    const names = missing.map(([component]) => component).join(", ");
    process.stdout.write(
      `\nPassed over: the tests that need ${names}. docs/guides/developing.md says how to run them.\n`,
    );
  };
}
