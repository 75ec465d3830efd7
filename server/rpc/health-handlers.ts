import type { ServiceImpl } from "@connectrpc/connect";
import type { HealthService } from "#gen/health_pb.ts";
import type { Health } from "../services/health.ts";

/** Answers without a token: a client whose clock is off needs the server's time before it can have one. */
export function healthHandlers(health: Health): ServiceImpl<typeof HealthService> {
  return {
    async check(_request, context) {
      const report = await health.check({ signal: context.signal });
      return {
        serving: report.serving,
        serverId: report.serverId,
        version: report.version,
        nowMs: BigInt(report.nowMs),
        multipartThreshold: BigInt(report.multipartThreshold),
        components: report.components.map((component) => ({ ...component })),
      };
    },
  };
}
