import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Server } from '@grpc/grpc-js';
import { loadFileDescriptorSetFromBuffer } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';

/** Lets clients ask for the schemas, in both versions of the protocol. */
export function addReflection(server: Server): void {
  const packages = ['descriptor.binpb', 'open_inference.binpb'].map((name) => {
    const path = fileURLToPath(new URL(`../../../../proto/${name}`, import.meta.url));
    return loadFileDescriptorSetFromBuffer(readFileSync(path));
  });
  new ReflectionService(Object.assign({}, ...packages)).addToServer(server);
}
