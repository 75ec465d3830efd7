import { embeddedInstallation } from "./server-harness.ts";
import { swapKill } from "./swap-kill.ts";

swapKill("embedded parts", embeddedInstallation);
