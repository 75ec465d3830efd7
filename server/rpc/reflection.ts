import {
  createRegistry,
  type DescEnum,
  type DescExtension,
  type DescFile,
  type DescService,
  type MessageInitShape,
  type Registry,
  toBinary,
} from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import type {
  ServerReflectionRequest,
  ServerReflectionResponseSchema,
} from "#standard/grpc/reflection/v1/reflection_pb.ts";

type Answer = NonNullable<MessageInitShape<typeof ServerReflectionResponseSchema>["messageResponse"]>;

/** Answers what tools ask of a server they know nothing of (gRPC server reflection), from the services' descriptors. */
export class Reflection {
  readonly #services: readonly string[];
  readonly #files = new Map<string, DescFile>();
  readonly #registry: Registry;

  /** @param details Files of types that no service names: what errors carry. */
  constructor(services: readonly DescService[], details: readonly DescFile[] = []) {
    this.#services = services.map(({ typeName }) => typeName).toSorted();
    for (const file of [...services.map((service) => service.file), ...details]) this.#add(file);
    this.#registry = createRegistry(...this.#files.values());
  }

  /** Never throws: what cannot be answered is an answer, too, and the stream goes on. */
  answer({ messageRequest }: Pick<ServerReflectionRequest, "messageRequest">): Answer {
    switch (messageRequest.case) {
      case "listServices":
        return {
          case: "listServicesResponse",
          value: { service: this.#services.map((name) => ({ name })) },
        };
      case "fileByFilename":
        return this.#file(this.#files.get(messageRequest.value), messageRequest.value);
      case "fileContainingSymbol":
        return this.#file(this.#fileOf(messageRequest.value), messageRequest.value);
      case "fileContainingExtension": {
        const { containingType, extensionNumber } = messageRequest.value;
        const extension = this.#extensionsOf(containingType).find(({ number }) => number === extensionNumber);
        return this.#file(extension?.file, `${containingType} ${extensionNumber}`);
      }
      case "allExtensionNumbersOfType": {
        const baseTypeName = messageRequest.value;
        if (!this.#registry.getMessage(baseTypeName)) return notFound(baseTypeName);
        const extensionNumber = this.#extensionsOf(baseTypeName).map(({ number }) => number);
        return { case: "allExtensionNumbersResponse", value: { baseTypeName, extensionNumber } };
      }
      default:
        return failure(Code.InvalidArgument, "Nothing was asked.");
    }
  }

  /** The file that declares a name: a type, a service, a method (`pkg.Service.Method`), a field, an enum's value. */
  #fileOf(symbol: string): DescFile | undefined {
    const name = symbol.replace(/^\./, "");
    const type = this.#registry.get(name);
    if (type) return type.file;
    const dot = name.lastIndexOf(".");
    if (dot < 0) return undefined;
    const [parent, member] = [this.#registry.get(name.slice(0, dot)), name.slice(dot + 1)];
    switch (parent?.kind) {
      case "service":
        return parent.methods.some((method) => method.name === member) ? parent.file : undefined;
      case "message":
        if (parent.members.some(({ name: own }) => own === member)) return parent.file;
        return this.#enumOfValue(name)?.file;
      default:
        return this.#enumOfValue(name)?.file;
    }
  }

  /** Values of an enum are named beside it, not below it. */
  #enumOfValue(name: string): DescEnum | undefined {
    const scopeOf = (full: string) => full.slice(0, Math.max(0, full.lastIndexOf(".")));
    return [...this.#registry]
      .filter((type) => type.kind === "enum")
      .find(
        ({ typeName, values }) =>
          scopeOf(typeName) === scopeOf(name) &&
          values.some((value) => value.name === name.slice(name.lastIndexOf(".") + 1)),
      );
  }

  #extensionsOf(typeName: string): readonly DescExtension[] {
    const found = [...this.#registry].filter((type) => type.kind === "extension");
    return found.filter(({ extendee }) => extendee.typeName === typeName);
  }

  /** With all it imports: whoever asks knows none of them. */
  #file(file: DescFile | undefined, asked: string): Answer {
    if (!file) return notFound(asked);
    const needed = new Set<DescFile>();
    const collect = (each: DescFile) => {
      if (needed.has(each)) return;
      needed.add(each);
      each.dependencies.forEach(collect);
    };
    collect(file);
    const fileDescriptorProto = [...needed].map(({ proto }) => toBinary(FileDescriptorProtoSchema, proto));
    return { case: "fileDescriptorResponse", value: { fileDescriptorProto } };
  }

  #add(file: DescFile): void {
    const { name } = file.proto;
    if (this.#files.has(name)) return;
    this.#files.set(name, file);
    for (const dependency of file.dependencies) this.#add(dependency);
  }
}

function notFound(asked: string): Answer {
  return failure(Code.NotFound, `“${asked}” is not known here.`);
}

function failure(errorCode: Code, errorMessage: string): Answer {
  return { case: "errorResponse", value: { errorCode, errorMessage } };
}
