import { useEffect, useState } from "react";
import { useText } from "../../app/messages/text.tsx";
import { IconButton } from "../../ui/controls.tsx";

/** Copies a text, and says so for a moment. */
export function CopyButton({ what, value }: { what: string; value: string }) {
  const { t } = useText();
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 1_500);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = () => {
    navigator.clipboard.writeText(value).then(
      () => setCopied(true),
      () => setCopied(false),
    );
  };
  return (
    <IconButton
      icon={copied ? "check" : "copy"}
      label={copied ? t("inspector.copied") : t("inspector.copy", what)}
      onClick={copy}
    />
  );
}
