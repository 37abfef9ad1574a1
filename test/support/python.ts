import { succeeds } from './test-with.js';

/** A Python that has gRPC, if there is one. */
export const python = ['python3', '/usr/bin/python3'].find((path) =>
  succeeds(path, '-c', 'import grpc, google.protobuf'),
);

const canGenerate = succeeds('sh', '-c', 'command -v protoc && command -v grpc_python_plugin');

/** What must be installed before a client in Python can be made and run; `undefined` where it can. */
export const missingPython =
  python !== undefined && canGenerate
    ? undefined
    : 'install protobuf-compiler, protobuf-compiler-grpc and python3-grpcio';
