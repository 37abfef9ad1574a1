import type {
  GetModelRequest,
  GetModelResponse,
  ListModelsRequest,
  ListModelsResponse,
} from '../../contract/robustgate/v1/model.js';
import { Violations } from '../../engine/index.js';
import type { VersionStatus } from '../repository/repository.js';
import { writeModel } from '../translate/model-messages.js';
import type { GatewayContext } from './gateway-context.js';
import { readPageSize } from './pages.js';

const DEFAULT_PAGE_SIZE = 100;

/** `ListModels`: every version of every model, by name; a token is the number of those that came before. */
export function listModels(request: ListModelsRequest, gateway: GatewayContext): ListModelsResponse {
  const violations = new Violations();
  const pageSize = readPageSize(request, DEFAULT_PAGE_SIZE, violations);
  const first = request.pageToken === '' ? 0 : Number(request.pageToken);
  const isToken = Number.isInteger(first) && first >= 0;
  violations.expect(isToken, 'page_token', `expected the next_page_token of a reply, got ${request.pageToken}`);
  violations.throwIfAny('INVALID_REQUEST');
  const all = gateway.repository.versions;
  const page = all.slice(first, first + pageSize);
  const next = first + pageSize;
  return {
    models: page.map((status) => writeModel(status, quarantineOf(status, gateway), false)),
    nextPageToken: next < all.length ? String(next) : '',
  };
}

/** `GetModel`: one version, with its operators. */
export function getModel(request: GetModelRequest, gateway: GatewayContext): GetModelResponse {
  const status = gateway.repository.describe(request.name, request.version);
  return { model: writeModel(status, quarantineOf(status, gateway), true) };
}

const quarantineOf = (status: VersionStatus, { hosts }: GatewayContext): string | undefined =>
  hosts.attack.quarantineReason(status);
