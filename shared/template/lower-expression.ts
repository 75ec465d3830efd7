import type { Expression } from "#contracts/mark-operator.ts";
import type { ExpressionNode, TextPart, TokenPart } from "./ast.ts";
import type { DiagnosticCode, Findings } from "./diagnostic.ts";
import { FUNCTIONS, functionOf, type ValueType } from "./functions.ts";
import { excerpt } from "./lexer.ts";
import { didYouMean, nearestName } from "./nearest-name.ts";
import type { Span } from "./position.ts";
import { CONSTANTS, VARIABLES, type VariableGroup, variableOf } from "./variables.ts";

/** `unknown` stands for what has been reported: nothing more is said of it. */
export interface Lowered {
  readonly expression: Expression;
  readonly type: ValueType | "unknown";
}

const BROKEN: Lowered = { expression: { kind: "literal", value: "" }, type: "unknown" };
const NAMES: readonly string[] = [...Object.keys(VARIABLES), ...Object.keys(CONSTANTS)];
const NUMERIC = new Set(["-", "*", "/", "%"]);
const ORDER = new Set(["<", "<=", ">", ">="]);
const ORIENTATIONS = ["portrait", "landscape", "square"];

/** Turns expressions into the operator's, and checks names, types and numbers of arguments on the way. */
export class ExpressionLowering {
  /** Groups of the variables met so far. */
  readonly groups = new Set<VariableGroup>();
  /** Where the payload is asked for. */
  readonly payloadUses: Span[] = [];
  readonly #findings: Findings;

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  #report(code: DiagnosticCode, span: Span, message: string, suggestion?: string): Lowered {
    this.#findings.report({ code, span, message, suggestion });
    return BROKEN;
  }

  /** @returns an expression whose value is a text or a number. */
  text(node: ExpressionNode): Expression {
    const { expression, type } = this.lower(node);
    if (type === "boolean") this.#report("value.type", node.span, "A text is needed here, not yes or no.");
    return expression;
  }

  condition(node: ExpressionNode): Expression {
    const { expression, type } = this.lower(node);
    if (type !== "boolean" && type !== "unknown")
      this.#report(
        "value.type",
        node.span,
        `A condition is needed here, like \`orientation == portrait\`; this is a ${type}.`,
      );
    return expression;
  }

  lower(node: ExpressionNode): Lowered {
    switch (node.kind) {
      case "number":
        return { expression: { kind: "literal", value: node.value }, type: "number" };
      case "length":
        if (node.unit === "px") return { expression: { kind: "literal", value: node.value }, type: "number" };
        return this.#report(
          "value.type",
          node.span,
          "A percentage has no meaning in an expression. For the remainder of a division put a space before `%`.",
          node.side ? undefined : `${node.digits} %`,
        );
      case "color":
        return this.#report("value.type", node.span, "A colour has no meaning in an expression.");
      case "text":
        return { expression: this.#parts(node.parts), type: "text" };
      case "quoted":
        return this.lower(node.content);
      case "name":
        return this.#name(node.name, node.span);
      case "call":
        return this.#call(node);
      case "unary":
        return this.#unary(node);
      case "binary":
        return this.#binary(node);
      case "error":
        return BROKEN;
    }
  }

  #name(name: string, span: Span): Lowered {
    if (Object.hasOwn(CONSTANTS, name)) {
      const value = CONSTANTS[name]!;
      return {
        expression: { kind: "literal", value },
        type: typeof value === "boolean" ? "boolean" : "text",
      };
    }
    const variable = variableOf(name);
    if (variable === undefined) {
      const near = nearestName(name, NAMES);
      return this.#report(
        "variable.unknown",
        span,
        `Unknown variable \`${excerpt(name)}\`${didYouMean(near) || "."}`,
        near,
      );
    }
    this.groups.add(variable.group);
    if (variable.name === "payload") this.payloadUses.push(span);
    if (variable.name === "NL") return { expression: { kind: "literal", value: "\n" }, type: "text" };
    return { expression: { kind: "variable", name: variable.name }, type: variable.type };
  }

  #call({ name, args }: Extract<ExpressionNode, { kind: "call" }>): Lowered {
    const lowered = args.map(({ value }) => this.lower(value));
    const known = functionOf(name.text);
    if (known === undefined) {
      const near = nearestName(name.text, Object.keys(FUNCTIONS));
      return this.#report(
        "function.unknown",
        name.span,
        `Unknown function \`${excerpt(name.text)}\`${didYouMean(near) || "."}`,
        near,
      );
    }
    const { parameters, required } = known;
    if (args.length < required || args.length > parameters.length) {
      const most = parameters.length === required ? `${required}` : `${required} to ${parameters.length}`;
      return this.#report(
        "function.arguments",
        name.span,
        `\`${name.text}\` takes ${most} ${most === "1" ? "value" : "values"}, here are ${args.length}. Like this: \`${known.example}\`.`,
      );
    }
    for (const [i, argument] of args.entries()) {
      if (argument.name)
        this.#report(
          "function.arguments",
          argument.name.span,
          `The values of \`${name.text}\` have no names, only an order.`,
        );
      this.#expect(parameters[i]!.type, lowered[i]!, argument.value.span, `\`${name.text}\``);
    }
    const expression: Expression = {
      kind: "call",
      name: known.name,
      args: lowered.map((each) => each.expression),
    };
    return { expression, type: known.result };
  }

  #expect(wanted: ValueType, { type }: Lowered, span: Span, who: string): void {
    const fits = type === "unknown" || type === wanted || (wanted === "text" && type === "number");
    if (!fits)
      this.#report(
        "value.type",
        span,
        `${who} needs a ${wanted} here, this is a ${type}.${wanted === "number" && type === "text" ? " `number(…)` reads a number from a text." : ""}`,
      );
  }

  #unary({ operator, operand }: Extract<ExpressionNode, { kind: "unary" }>): Lowered {
    const inner = this.lower(operand);
    if (operator === "not") {
      this.#expect("boolean", inner, operand.span, "`not`");
      return { expression: { kind: "not", operand: inner.expression }, type: "boolean" };
    }
    this.#expect("number", inner, operand.span, "`-`");
    if (inner.expression.kind === "literal" && typeof inner.expression.value === "number")
      return { expression: { kind: "literal", value: 0 - inner.expression.value }, type: "number" };
    return {
      expression: {
        kind: "binary",
        operator: "-",
        left: { kind: "literal", value: 0 },
        right: inner.expression,
      },
      type: "number",
    };
  }

  #binary(node: Extract<ExpressionNode, { kind: "binary" }>): Lowered {
    const { operator } = node;
    const left = this.lower(node.left);
    const right = this.lower(node.right);
    const made = (type: ValueType): Lowered => ({
      expression: { kind: "binary", operator, left: left.expression, right: right.expression },
      type,
    });
    const both = (type: ValueType) => {
      this.#expect(type, left, node.left.span, `\`${operator}\``);
      this.#expect(type, right, node.right.span, `\`${operator}\``);
    };
    if (operator === "and" || operator === "or") {
      both("boolean");
      return made("boolean");
    }
    if (ORDER.has(operator)) {
      both("number");
      return made("boolean");
    }
    if (NUMERIC.has(operator)) {
      both("number");
      const zero = right.expression.kind === "literal" && right.expression.value === 0;
      if (zero && (operator === "/" || operator === "%"))
        this.#report("value.range", node.right.span, "Nothing can be divided by 0.");
      return made("number");
    }
    if (operator === "+") {
      const numbers = left.type === "number" && right.type === "number";
      if (numbers) return made("number");
      both("text");
      return left.type === "unknown" || right.type === "unknown"
        ? { ...made("text"), type: "unknown" }
        : made("text");
    }
    if (left.type !== right.type && left.type !== "unknown" && right.type !== "unknown")
      this.#report(
        "value.type",
        node.span,
        `A ${left.type} never equals a ${right.type}. Compare two of the same kind.`,
      );
    if (right.type === "text") this.#checkOrientation(left.expression, right.expression, node.right.span);
    if (left.type === "text") this.#checkOrientation(right.expression, left.expression, node.left.span);
    return made("boolean");
  }

  #checkOrientation(variable: Expression, value: Expression, span: Span): void {
    if (variable.kind !== "variable" || variable.name !== "orientation" || value.kind !== "literal") return;
    const written = String(value.value);
    if (ORIENTATIONS.includes(written)) return;
    const near = nearestName(written, ORIENTATIONS);
    this.#report(
      "value.unknown",
      span,
      `Unknown orientation \`${excerpt(written)}\`${didYouMean(near) || ". There are `portrait`, `landscape` and `square`."}`,
      near,
    );
  }

  #parts(parts: readonly TextPart[]): Expression {
    const lowered = parts.map(
      (part): Expression =>
        part.kind === "literal" ? { kind: "literal", value: part.value } : this.#token(part),
    );
    if (lowered.length === 0) return { kind: "literal", value: "" };
    return lowered.length === 1 && lowered[0]!.kind === "literal"
      ? lowered[0]!
      : { kind: "text", parts: lowered };
  }

  #token(token: TokenPart): Expression {
    if (token.name.text === "") return BROKEN.expression;
    const { expression: variable } = this.#name(token.name.text, token.name.span);
    const value = this.#sequence(token, variable);
    const call = (name: string, ...args: readonly Expression[]): Expression => ({
      kind: "call",
      name,
      args: [value, ...args],
    });
    const { operator } = token;
    if (operator === null) return value;
    switch (operator.symbol) {
      case "^^":
        return call("upper");
      case "^":
        return call("capitalize");
      case ",,":
        return call("lower");
      case ",":
        return call("uncapitalize");
      case "-":
        return call("default", this.#parts(operator.text));
      case "+":
        return call("if_set", this.#parts(operator.text));
      case "#":
        return call("remove_prefix", this.#parts(operator.text));
      case "%":
        return call("remove_suffix", this.#parts(operator.text));
      case ":": {
        const offset: Expression = { kind: "literal", value: operator.offset };
        return operator.length === null
          ? call("slice", offset)
          : call("slice", offset, { kind: "literal", value: operator.length });
      }
      default: {
        const name = {
          "/": "replace_first",
          "//": "replace",
          "/#": "replace_prefix",
          "/%": "replace_suffix",
        };
        return call(name[operator.symbol], this.#parts(operator.pattern), this.#parts(operator.replacement));
      }
    }
  }

  /** `$(SEQUENCE[4,1])`: so many digits, and the number of the first picture; 4 and 1 unless said. */
  #sequence({ name, index, span }: TokenPart, variable: Expression): Expression {
    if (variable.kind !== "variable" || variable.name !== "SEQUENCE") {
      if (index && variable.kind === "variable")
        this.#report(
          "syntax.token",
          span,
          `Only \`$(SEQUENCE[4,1])\` has numbers in brackets, \`${name.text}\` has none.`,
        );
      return variable;
    }
    const [digits = 4, first = 1] = index ?? [];
    if (digits < 1 || digits > 12) this.#report("value.range", span, "A sequence has 1 to 12 digits.");
    const number: Expression =
      first === 1
        ? variable
        : { kind: "binary", operator: "+", left: variable, right: { kind: "literal", value: first - 1 } };
    return { kind: "call", name: "pad", args: [number, { kind: "literal", value: digits }] };
  }
}
