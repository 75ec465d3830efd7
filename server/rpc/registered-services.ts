import type { DescService } from "@bufbuild/protobuf";
import { AdminService } from "#gen/admin_pb.ts";
import { HealthService } from "#gen/health_pb.ts";
import { MediaService } from "#gen/media_pb.ts";
import { SyncService } from "#gen/sync_pb.ts";
import { TemplateService } from "#gen/templates_pb.ts";
import { UploadService } from "#gen/uploads_pb.ts";
import { Health } from "#standard/health/v1/health_pb.ts";

/** What the server answers, by its descriptors: known without a server, for those who make a way to it. */
export const REGISTERED_SERVICES: readonly DescService[] = [
  UploadService,
  MediaService,
  TemplateService,
  SyncService,
  HealthService,
  AdminService,
  Health,
];
