import packageJson from "../package.json" with { type: "json" };

/** As in package.json. */
export const PROGRAM_VERSION: string = packageJson.version;
