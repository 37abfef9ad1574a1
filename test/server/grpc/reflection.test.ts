import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  credentials,
  makeGenericClientConstructor,
  type ServiceDefinition,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import test, { type ExecutionContext } from 'ava';
import { toyGateway } from '../../support/toy-gateway.js';

const protos = join(dirname(fileURLToPath(import.meta.resolve('@grpc/reflection'))), '../proto');

interface ReflectionReply {
  readonly list_services_response?: { readonly service: readonly { readonly name: string }[] };
  readonly file_descriptor_response?: { readonly file_descriptor_proto: readonly Buffer[] };
}

/** Asks one question of a version of the protocol. */
async function ask(t: ExecutionContext, address: string, version: string, question: object): Promise<ReflectionReply> {
  const name = `grpc.reflection.${version}.ServerReflection`;
  const definition = loadSync(join(protos, `grpc/reflection/${version}/reflection.proto`), {
    keepCase: true,
    includeDirs: [protos],
  });
  const Client = makeGenericClientConstructor(definition[name] as ServiceDefinition, name);
  const client = new Client(address, credentials.createInsecure());
  t.teardown(() => client.close());
  const { path, requestSerialize, responseDeserialize } = (definition[name] as ServiceDefinition)[
    'ServerReflectionInfo'
  ] as ServiceDefinition[string];
  const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
  call.write(question);
  call.end();
  for await (const reply of call) return reply as ReflectionReply;
  throw new Error('expected a reply, got none');
}

for (const version of ['v1', 'v1alpha']) {
  test(`reflection ${version} tells our service, and its files`, async (t) => {
    const { gateway } = await toyGateway(t);
    const { list_services_response: list } = await ask(t, gateway.grpcAddress, version, { list_services: '' });
    t.deepEqual(
      list?.service.map(({ name }) => name).filter((name) => name.startsWith('robustgate')),
      ['robustgate.v1.ProbeService', 'robustgate.v1.RobustnessService', 'robustgate.v1.RunService'],
    );
    const { file_descriptor_response: files } = await ask(t, gateway.grpcAddress, version, {
      file_containing_symbol: 'robustgate.v1.RobustnessService',
    });
    const bytes = Buffer.concat(files?.file_descriptor_proto.map((file) => Buffer.from(file)) ?? []);
    for (const name of ['AttackParameters', 'GradientNormRequest', 'MetricValue']) t.true(bytes.includes(name), name);
  });

  test(`reflection ${version} can be turned off`, async (t) => {
    const { gateway } = await toyGateway(t, {}, { config: { reflection: false } });
    const error = await t.throwsAsync<ServiceError>(ask(t, gateway.grpcAddress, version, { list_services: '' }));
    t.is(error?.code, status.UNIMPLEMENTED);
  });
}
