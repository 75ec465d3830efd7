import type { Comment } from "./lexer.ts";
import type { Span } from "./position.ts";

/** A template as written: what the parser gives, the checker reads and the formatter prints. Plain data. */
export interface DocumentNode {
  readonly kind: "document";
  readonly templates: readonly TemplateNode[];
  /** After the last template. */
  readonly dangling: readonly Comment[];
  readonly span: Span;
}

/** White space and comments around something that has lines of its own. */
export interface Trivia {
  readonly leading: readonly Comment[];
  readonly trailing: Comment | null;
  readonly blankBefore: boolean;
}

export interface TemplateNode extends Trivia {
  readonly kind: "template";
  readonly name: TextNode | ErrorNode;
  readonly body: BlockNode;
  readonly span: Span;
}

export interface BlockNode {
  readonly items: readonly ItemNode[];
  /** Before the closing brace. */
  readonly dangling: readonly Comment[];
  readonly span: Span;
}

export type ItemNode = SettingNode | LayerNode | WhenNode | ErrorItemNode;

export interface Name {
  readonly text: string;
  readonly span: Span;
}

export interface SettingNode extends Trivia {
  readonly kind: "setting";
  readonly name: Name;
  readonly value: ExpressionNode;
  readonly span: Span;
}

export interface LayerNode extends Trivia {
  readonly kind: "layer";
  readonly layer: Name;
  readonly value: ExpressionNode;
  /** `null`: written without braces. */
  readonly body: BlockNode | null;
  readonly span: Span;
}

export interface WhenNode extends Trivia {
  readonly kind: "when";
  /** `when`, then every `else when`. */
  readonly branches: readonly { readonly condition: ExpressionNode; readonly body: BlockNode }[];
  readonly otherwise: BlockNode | null;
  readonly span: Span;
}

/** Something that could not be read and was passed over; it has been reported. */
export interface ErrorItemNode extends Trivia {
  readonly kind: "error";
  readonly span: Span;
}

export interface ErrorNode {
  readonly kind: "error";
  readonly span: Span;
}

export interface TextNode {
  readonly kind: "text";
  readonly parts: readonly TextPart[];
  readonly span: Span;
}

export type BinarySymbol = "or" | "and" | "==" | "!=" | "<" | "<=" | ">" | ">=" | "+" | "-" | "*" | "/" | "%";

export type ExpressionNode =
  | { readonly kind: "number"; readonly value: number; readonly digits: string; readonly span: Span }
  | {
      readonly kind: "length";
      readonly value: number;
      readonly digits: string;
      readonly unit: "%" | "px";
      /** `4% of width`. */
      readonly side: Name | null;
      readonly span: Span;
    }
  /** `#rrggbb` in lower case. */
  | { readonly kind: "color"; readonly value: string; readonly span: Span }
  | TextNode
  /** A text whose content is itself an expression: `"qr_overlay(bottom_right, scale=0.12)"`. */
  | { readonly kind: "quoted"; readonly content: ExpressionNode; readonly span: Span }
  | { readonly kind: "name"; readonly name: string; readonly span: Span }
  | {
      readonly kind: "call";
      readonly name: Name;
      readonly args: readonly { readonly name: Name | null; readonly value: ExpressionNode }[];
      readonly span: Span;
    }
  | {
      readonly kind: "unary";
      readonly operator: "-" | "not";
      readonly operand: ExpressionNode;
      readonly span: Span;
    }
  | {
      readonly kind: "binary";
      readonly operator: BinarySymbol;
      readonly left: ExpressionNode;
      readonly right: ExpressionNode;
      readonly span: Span;
    }
  | ErrorNode;

export type TextPart = { readonly kind: "literal"; readonly value: string; readonly span: Span } | TokenPart;

/** `$(EXIF.YEAR-2026)`. */
export interface TokenPart {
  readonly kind: "token";
  readonly name: Name;
  /** `[4,1]` of a sequence. */
  readonly index: readonly number[] | null;
  readonly operator: TokenOperator | null;
  /** How Photo Mechanic writes it, where it was written so. */
  readonly foreign: string | null;
  readonly span: Span;
}

export const CASE_SYMBOLS = ["^^", "^", ",,", ","] as const;
export const TEXT_SYMBOLS = ["-", "+", "#", "%"] as const;
export const REPLACE_SYMBOLS = ["//", "/#", "/%", "/"] as const;

export type TokenOperator =
  | { readonly symbol: (typeof CASE_SYMBOLS)[number] }
  | { readonly symbol: (typeof TEXT_SYMBOLS)[number]; readonly text: readonly TextPart[] }
  | { readonly symbol: ":"; readonly offset: number; readonly length: number | null }
  | {
      readonly symbol: (typeof REPLACE_SYMBOLS)[number];
      readonly pattern: readonly TextPart[];
      readonly replacement: readonly TextPart[];
    };
