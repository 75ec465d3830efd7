import type { ServiceImpl } from "@connectrpc/connect";
import type { TemplateService } from "#gen/templates_pb.ts";
import type { TemplateService as Templates } from "../services/template-service.ts";
import { callerOf } from "./call-context.ts";

export function templateHandlers(templates: Templates): ServiceImpl<typeof TemplateService> {
  return {
    putTemplate: ({ operator }, context) => templates.put(callerOf(context), operator),

    async getTemplate({ version }, context) {
      const { name, operator, createdAtMs } = await templates.get(callerOf(context), version);
      return { name, operator, createdAtMs: BigInt(createdAtMs) };
    },
  };
}
