import type { Diagnostic, DiagnosticCode } from "#template/diagnostic.ts";
import type { Language } from "./format.ts";

/** What is wrong with a template, in Chinese; `written` is the part of the text that it is about. */
const ZH: Readonly<Record<DiagnosticCode, (written: string) => string>> = {
  "source.too_large": () => "模板太大，请缩短。",
  "source.unreadable": () => "无法读取此文件，请以 UTF-8 编码保存。",
  "syntax.unexpected": (written) => `此处不应出现“${written}”。`,
  "syntax.unexpected_character": (written) => `字符“${written}”在此没有意义。`,
  "syntax.unterminated": () => "文字缺少结尾的引号。",
  "syntax.escape": (written) => `不认识的转义“${written}”。`,
  "syntax.number": (written) => `“${written}”不是数字或长度，请写成 12% 或 40px。`,
  "syntax.color": (written) => `“${written}”不是颜色，请写成 #ffffff。`,
  "syntax.too_deep": () => "嵌套太深。",
  "syntax.token": (written) => `变量“${written}”的写法不对。`,
  "template.missing": () => '这里没有模板。模板以 template "名称" { 开头。',
  "template.several": () => "一个文件只能有一个模板。",
  "template.name": () => "模板名称应为 1 至 100 个字符的纯文字，且不与其他模板重复。",
  "template.empty": () => '模板没有内容，请添加图层，例如 text "© Studio"。',
  "template.too_many_layers": () => "图层太多，最多 32 个。",
  "template.level": () => "水印级别与内容不符。",
  "setting.unknown": (written) => `不认识的设置“${written}”。`,
  "setting.duplicate": (written) => `“${written}”设置了两次。`,
  "setting.misplaced": (written) => `设置“${written}”不能放在这里。`,
  "setting.missing": () => "缺少 payload。",
  "layer.unknown": (written) => `不认识的图层“${written}”。`,
  "layer.misplaced": () => "图层中只能有设置。",
  "value.type": (written) => `“${written}”不是这里需要的值。`,
  "value.range": (written) => `“${written}”超出允许的范围。`,
  "value.unknown": (written) => `不认识“${written}”。`,
  "value.not_constant": () => "这里需要引号中的纯文字。",
  "value.too_long": () => "内容太长。",
  "variable.unknown": (written) => `不认识的变量“${written}”。`,
  "variable.cycle": () => "payload 不能引用自身。",
  "function.unknown": (written) => `不认识的函数“${written}”。`,
  "function.arguments": () => "函数的参数不对。",
  "font.unknown": (written) => `没有字体 ${written}。`,
  "font.weight": (written) => `此字体没有字重 ${written}。`,
  "asset.name": () => "图片名称不对：只能是模板旁边的 PNG 或 SVG 文件。",
  "asset.missing": (written) => `模板旁边没有文件 ${written}。`,
  "asset.invalid": (written) => `无法读取图片 ${written}。`,
  "asset.unsafe": (written) => `SVG 文件 ${written} 含有不允许的内容。`,
  "asset.too_large": (written) => `图片 ${written} 超过 1 MiB，请缩小。`,
  "token.photo_mechanic": (written) => `“${written}”是 Photo Mechanic 的写法，整理格式时会转换。`,
};

/** A mistake in a template, in the window's language. */
export function mistakeText(language: Language, mistake: Diagnostic, source: string): string {
  if (language === "en") return mistake.message;
  const written = source.slice(mistake.offset, mistake.endOffset).replace(/\s+/g, " ");
  const suggestion = mistake.suggestion === undefined ? "" : `是否应为“${mistake.suggestion}”？`;
  return ZH[mistake.code](written.length > 30 ? `${written.slice(0, 29)}…` : written) + suggestion;
}
