/** Each folder of src/engine/ with the folders there that it may import; all may import the files in SHARED. */
const ENGINE_LAYERS = {
  tensor: [],
  onnx: ['tensor'],
  autodiff: ['onnx', 'tensor'],
  losses: ['tensor'],
  attacks: ['tensor'],
  metrics: ['tensor'],
  datasets: ['images', 'tensor'],
  images: ['tensor'],
  models: ['autodiff', 'losses', 'onnx', 'tensor'],
  runs: ['attacks', 'autodiff', 'losses', 'metrics', 'models', 'onnx', 'tensor'],
  inspection: ['autodiff', 'losses', 'models', 'onnx', 'runs', 'tensor'],
  evaluation: ['attacks', 'autodiff', 'datasets', 'images', 'losses', 'metrics', 'models', 'onnx', 'runs', 'tensor'],
};
const SHARED = '(errors|find-member)[.]ts$';

const engineLayer = ([layer, lower]) => ({
  name: `engine-${layer}-imports-lower-layers-only`,
  comment: `In the engine, ${layer}/ may import ${lower.join(', ') || 'no other layer'}. Move what both need down to a layer that both may import, or take it as an argument.`,
  severity: 'error',
  from: { path: `^src/engine/${layer}/` },
  to: { path: '^src/engine/', pathNot: `^src/engine/((${[layer, ...lower].join('|')})/|${SHARED})` },
});

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'no-circular',
      comment: 'Move what both files need into a third, or make them one.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphans',
      comment: 'Nothing imports this file and it imports nothing: add it to the index.ts of its folder, or delete it.',
      severity: 'error',
      from: { orphan: true, path: '^src/', pathNot: '/(main|index)[.]ts$' },
      to: {},
    },
    {
      name: 'not-to-test',
      comment: 'Move what src/ needs into src/; test/support/ is for what only tests share.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^test/' },
    },
    {
      name: 'not-to-dev-dependency',
      comment: 'Users who install the package do not get it: move it to dependencies, or import only its types.',
      severity: 'error',
      from: { path: '^src/' },
      // A peer that is optional is loaded where it is used, with a message that says how to install it.
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only', 'npm-peer'] },
    },
    {
      name: 'contract-imports-nothing-of-ours',
      comment: 'It is generated from proto/: change the .proto, or put the code where the contract is used.',
      severity: 'error',
      from: { path: '^src/contract/' },
      to: { path: '^src/', pathNot: '^src/contract/' },
    },
    {
      name: 'engine-is-transport-free',
      comment: 'The engine only computes: yield an event or accept a callback, and let host/ or server/ act on it.',
      severity: 'error',
      from: { path: '^src/engine/' },
      to: {
        path: [
          '^src/',
          '@grpc/',
          'prom-client',
          '@opentelemetry/(sdk|exporter|instrumentation)',
          '^(node:)?child_process$',
        ],
        pathNot: '^src/engine/',
      },
    },
    ...Object.entries(ENGINE_LAYERS).map(engineLayer),
    {
      name: 'no-folder-without-a-layer',
      comment:
        'Every folder is a layer of the design: use the one whose job this is, or add a layer here and say why in an ADR.',
      severity: 'error',
      from: {},
      to: {
        path: '^src/',
        pathNot: `^src/((contract|host|server|clients|cli|lab|engine/(${Object.keys(ENGINE_LAYERS).join('|')}))/|engine/(index[.]ts|${SHARED}))`,
      },
    },
    {
      name: 'members-do-not-know-each-other',
      comment:
        'Rules, losses, attacks and metrics stand alone: share through the file that declares their type (loss.ts), or a helper one folder up.',
      severity: 'error',
      from: { path: '^src/engine/(autodiff/rules|losses|attacks/methods|metrics/measures)/', pathNot: '/index[.]ts$' },
      to: { path: '^src/engine/$1/', pathNot: '/(losses/loss|metrics/metric)[.]ts$' },
    },
    {
      name: 'onnxruntime-in-one-folder',
      comment: 'Only engine/models/onnx/ imports ONNX Runtime: run the model through the program that it returns.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/engine/models/onnx/' },
      to: { path: 'onnxruntime-' },
    },
    {
      name: 'tfjs-in-one-folder',
      comment: 'Only engine/models/tfjs/ imports TF.js: run the model through the program that it returns.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/engine/models/tfjs/' },
      to: { path: '@tensorflow/' },
    },
    {
      name: 'prom-client-in-one-file',
      comment: 'Only server/telemetry/registry.ts imports prom-client: make metrics with MetricRegistry.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/server/telemetry/registry[.]ts$' },
      to: { path: 'prom-client' },
    },
    {
      name: 'opentelemetry-sdk-in-one-file',
      comment:
        'Only server/telemetry/tracing.ts loads the SDK, and only where traces are wanted: use @opentelemetry/api.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/server/telemetry/tracing[.]ts$' },
      to: { path: '@opentelemetry/(sdk|exporter|instrumentation)' },
    },
    {
      name: 'nats-in-one-file',
      comment: 'Only cli/relay/sinks/nats.ts loads the packages of NATS, which are optional.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/cli/relay/sinks/nats[.]ts$' },
      to: { path: '@nats-io/' },
    },
    {
      name: 'engine-front-door',
      comment: 'Import from engine/index.ts, and export from there what is missing.',
      severity: 'error',
      from: { path: '^src/(server|host|lab|cli)/' },
      to: { path: '^src/engine/', pathNot: '^src/engine/index[.]ts$' },
    },
    {
      name: 'clients-see-only-the-contract',
      comment: 'Clients run without the gateway: put what they need into the .proto, or into src/clients/ itself.',
      severity: 'error',
      from: { path: '^src/clients/' },
      to: { path: '^src/', pathNot: '^src/(clients|contract)/' },
    },
    {
      name: 'host-imports-the-engine-only',
      comment: 'A host knows only its own messages: let server/, cli/ or lab/ translate what they have into them.',
      severity: 'error',
      from: { path: '^src/host/', pathNot: '^src/host/(remote|open-inference)/' },
      to: { path: '^src/', pathNot: '^src/(host|engine)/' },
    },
    {
      name: 'host-remote-speaks-one-protocol',
      comment:
        'host/remote/ is a client of the Open Inference Protocol, host/open-inference/ its tensors: they know the engine and that contract (docs/adr/0006).',
      severity: 'error',
      from: { path: '^src/host/(remote|open-inference)/' },
      to: { path: '^src/', pathNot: '^src/(host/(remote|open-inference)|engine|contract/inference)/' },
    },
    {
      name: 'host-remote-in-host-processes-only',
      comment: 'Only what a host process runs may open a remote: pass OpenRemote to whatever else needs one.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/host/(remote/|child/main[.]ts$)' },
      to: { path: '^src/host/remote/' },
    },
    {
      name: 'server-imports-nothing-above-it',
      comment: 'Move what the server shares with a command or an experiment down to engine/ or host/.',
      severity: 'error',
      from: { path: '^src/server/' },
      to: { path: '^src/(clients|cli|lab)/' },
    },
    {
      name: 'lab-imports-engine-and-host-only',
      comment: 'Experiments run on the engine or a host; a command in cli/ joins them with a server or a client.',
      severity: 'error',
      from: { path: '^src/lab/' },
      to: { path: '^src/', pathNot: '^src/(lab|engine|host)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
  },
};
