import type { GradientNormRequest, GradientNormResponse } from '../../contract/robustgate/v1/gradient_norm.js';
import type { GradientNormEvent, GradientNormJob } from '../../engine/index.js';
import type { CallContext } from '../grpc/call-context.js';
import type { StreamMessage } from '../grpc/handlers.js';
import { GRADIENT_NORM_CODEC } from '../runs/run-codec.js';
import {
  eventMessage,
  type GradientNormWish,
  queuedMessage,
  readGradientNormWish,
  startedMessage,
  stillMeasuring,
} from '../translate/gradient-messages.js';
import { type GatewayContext, refOf } from './gateway-context.js';
import { type RunKind, shapesOf, streamRun } from './run-stream.js';

type GradientNormKind = RunKind<GradientNormWish, GradientNormJob, GradientNormEvent, GradientNormResponse>;

/** `GradientNorm`: runs in the attack lane, and tells of it as it goes. */
export const gradientNorm = (
  request: GradientNormRequest,
  context: CallContext,
  gateway: GatewayContext,
): AsyncGenerator<StreamMessage<GradientNormResponse>, void, void> =>
  gateway.runs.serve(request, context, GRADIENT_NORM_CODEC, (own, admitted) =>
    streamRun(request, own, gateway, gradientNormKind(request, gateway), admitted),
  );

const gradientNormKind = (request: GradientNormRequest, gateway: GatewayContext): GradientNormKind => ({
  name: 'gradient-norm',
  readWish: (model, labelled) => readGradientNormWish(request, model, labelled, gateway.config.limits),
  joined: (wish, inputs) => ({ ...wish, inputs }),
  memory: (model, { spec, inputs }) => [refOf(model), { shapes: shapesOf(inputs), batchSize: spec.batchSize }],
  specText: (_, { spec }) => `gradient-norm(${spec.tasks.map(({ task }) => task).join(',')})`,
  imageSteps: ({ spec: { tasks, sweep }, inputs }) =>
    inputs.length * (tasks.length + (sweep === undefined ? 0 : sweep.draws * sweep.outputCounts.length)),
  start: (lane, model, job, options) => lane.gradientNorm(model, job, options),
  started: ({ id, model, job }) => startedMessage(id, model, job),
  queued: ({ job, elapsed }, position) => queuedMessage(position, job, elapsed()),
  stillAt: (message, { elapsed }) => stillMeasuring(message, elapsed()),
  messages: (event, { id, elapsed }) => [eventMessage(id, event, elapsed())],
});
