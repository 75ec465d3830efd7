import { Component, type ReactNode } from "react";
import { Button } from "../ui/controls.tsx";
import { useText } from "./messages/text.tsx";

/** Keeps a fault in one screen from leaving an empty window behind. */
export class FaultBoundary extends Component<{ children: ReactNode }, { fault: boolean }> {
  override state = { fault: false };

  static getDerivedStateFromError(): { fault: boolean } {
    return { fault: true };
  }

  override render(): ReactNode {
    return this.state.fault ? <Fault /> : this.props.children;
  }
}

function Fault() {
  const { t } = useText();
  return (
    <div className="content list-empty" role="alert">
      <p>{t("window.broken")}</p>
      <Button onClick={() => location.reload()}>{t("window.reload")}</Button>
    </div>
  );
}
