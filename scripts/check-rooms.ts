/** Judges every import of the project by dependency-rules.ts, then proves on an illegal tree that each rule fires. */
import { Visitor } from "@swc/core/Visitor.js";
import { cruise, type ICruiseResult, type IForbiddenRuleType } from "dependency-cruiser";
import { dependencyRules, type Rule } from "../dependency-rules.ts";

const ROOMS = ["electron", "renderer", "scripts", "server", "shared", "studio"];
const ILLEGAL = "test/fixtures/illegal/";
/** Fewer modules than this means that the parser saw nothing, not that there is nothing to see. */
const FEWEST_MODULES = 60;

/** swc's parser reads `using`, its visitor does not know the statement and would throw. */
const visitStatement = Visitor.prototype.visitStatement;
Visitor.prototype.visitStatement = function (this: Visitor, statement) {
  if ((statement.type as string) !== "UsingDeclaration") return visitStatement.call(this, statement);
  const using = statement as unknown as { decls: Parameters<Visitor["visitVariableDeclarators"]>[0] };
  this.visitVariableDeclarators(using.decls);
  return statement;
};

async function judge(paths: readonly string[], rules: readonly Rule[]): Promise<ICruiseResult> {
  const { output } = await cruise([...paths], {
    // TypeScript 7 has no API that dependency-cruiser could use: swc parses, types included.
    parser: "swc",
    tsPreCompilationDeps: true,
    moduleSystems: ["es6"],
    validate: true,
    doNotFollow: { path: "node_modules" },
    ruleSet: { forbidden: rules as unknown as IForbiddenRuleType[] },
    enhancedResolveOptions: {
      extensions: [".ts", ".tsx", ".js"],
      conditionNames: ["import", "node", "default"],
    },
  });
  if (typeof output === "string") throw new Error(output);
  return output;
}

const problems: string[] = [];
const project = await judge(ROOMS, dependencyRules(""));
for (const { rule, from, to } of project.summary.violations) problems.push(`${rule.name}: ${from} → ${to}`);
for (const module of project.modules)
  for (const dependency of module.dependencies)
    if (dependency.couldNotResolve && /^[.#]/.test(dependency.module))
      problems.push(`unresolved: ${module.source} → ${dependency.module}`);
if (project.summary.totalCruised < FEWEST_MODULES)
  problems.push(`only ${project.summary.totalCruised} modules were read; the parser is blind`);

const illegalRules = dependencyRules(ILLEGAL);
const illegal = await judge(
  ROOMS.filter((room) => room !== "scripts").map((room) => ILLEGAL + room),
  illegalRules,
);
const fired = new Set(illegal.summary.violations.map(({ rule }) => rule.name));
for (const { name } of illegalRules)
  if (!fired.has(name)) problems.push(`the rule ${name} does not fire on ${ILLEGAL}`);

for (const problem of problems) process.stderr.write(`${problem}\n`);
process.stdout.write(
  `rooms: ${project.summary.totalCruised} modules, ${project.summary.totalDependenciesCruised} imports, ${illegalRules.length} rules proven, ${problems.length} problems\n`,
);
process.exit(problems.length > 0 ? 1 : 0);
