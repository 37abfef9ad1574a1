import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Server } from '@grpc/grpc-js';
import { loadFileDescriptorSetFromBuffer } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';

/** Lets clients ask for the schema, in both versions of the protocol. */
export function addReflection(server: Server): void {
  const path = fileURLToPath(new URL('../../../../proto/descriptor.binpb', import.meta.url));
  new ReflectionService(loadFileDescriptorSetFromBuffer(readFileSync(path))).addToServer(server);
}
