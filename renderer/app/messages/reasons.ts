import type { ErrorBody, ErrorCode } from "#kernel/errors.ts";
import type { MessageKey } from "./en.ts";
import type { Language } from "./format.ts";

/** What a failure is called in Chinese. In English the core's own sentence is shown, as the command line does. */
const ZH: Readonly<Record<ErrorCode, string>> = {
  aborted: "已取消。",
  internal: "Platemark 内部出错。已完成的图片不受影响。",
  invalid_argument: "输入有误。",
  not_found: "找不到。",
  already_exists: "已经存在。",
  conflict: "与另一处更改冲突。",
  permission_denied: "没有权限。",
  unauthenticated: "登录已失效。",
  resource_exhausted: "超出限制。",
  unavailable: "暂时无法使用，稍后会自动重试。",
  deadline_exceeded: "等待超时。",
  "config.invalid": "设置有误。",
  "home.locked": "另一个 Platemark 正在使用同一个数据文件夹。",
  "disk.full": "磁盘已满，请腾出空间。",
  "file.unreadable": "无法读取此文件。",
  "file.unwritable": "无法写入文件。",
  "file.vanished": "文件已不在原处。",
  "file.changed": "文件在导入时发生了变化。",
  "file.empty": "文件是空的。",
  "picture.unsupported_heic": "暂不支持 HEIC。",
  "picture.unsupported_raw": "暂不支持 RAW。",
  "picture.unsupported": "不是可以加水印的图片。",
  "picture.truncated": "文件不完整，后面的内容缺失。",
  "picture.corrupt": "图片已损坏，无法读取。",
  "picture.too_large": "图片的像素太多。",
  "picture.glyph_missing": "所选字体缺少水印中的某些文字。",
  "upload.too_many_parts": "文件太大，无法发送。",
  "upload.too_large": "文件太大，无法发送。",
  "upload.checksum_mismatch": "发送后的内容与原文件不一致。",
  "upload.size_mismatch": "发送后的大小与原文件不一致。",
  "upload.gone": "存储已不认识这次发送。",
  "upload.expired_url": "发送许可已过期。",
  "upload.clock_skew": "本机时间与存储的时间相差太多。",
  "store.unreachable": "存储没有响应，恢复后会自动继续。",
  "store.slow_down": "存储繁忙，正在放慢速度。",
  "store.refused": "存储拒绝了请求。",
  "store.precondition_failed": "存储中的内容已被更改。",
  "template.unknown": "服务器没有此模板的这个版本。",
  "mark.failed": "加水印失败。",
  "mark.gave_up": "多次尝试后仍无法加水印。",
  "proof.failed": "加水印后，水印以外的部分也变了；原图保持不变，未发布任何内容。",
};

export function reasonText(language: Language, error: ErrorBody): string {
  return language === "zh" ? ZH[error.code] : error.message;
}

/** True when trying again can help without changing the picture first. */
export function canRetry(code: ErrorCode): boolean {
  return wayOut(code) !== "hint.convert";
}

/** What a person can do about a failed picture; `null` where the reason has said it, as the core's own sentences do
 *  for all that comes from files and stores. */
export function hintFor(language: Language, code: ErrorCode): MessageKey | null {
  const hint = wayOut(code);
  return language === "en" && hint !== "hint.report" ? null : hint;
}

function wayOut(code: ErrorCode): MessageKey {
  if (code.startsWith("picture.unsupported") || code === "picture.too_large") return "hint.convert";
  if (code === "picture.truncated" || code === "picture.corrupt" || code === "file.empty")
    return "hint.replace";
  if (code === "internal" || code.startsWith("mark.") || code === "proof.failed") return "hint.report";
  return "hint.retry";
}
