import { EngineError } from '../../errors.js';
import type { ModelConfig } from '../model-config.js';
import type { Network } from '../network.js';
import type { ProviderName } from '../providers.js';
import { disagreement } from './disagreement.js';
import { probeProvider } from './provider-probe.js';

/** Opens the model on a provider; `fallbacks` says why none of those before it. */
export type OpenOn = (provider: ProviderName, fallbacks: readonly string[]) => Promise<Network>;

/**
 * The model on the first of the providers that works here, runs it, and computes what the CPU computes: predictions, and
 * gradients where they will be asked for.
 *
 * @throws EngineError `RUNTIME_UNAVAILABLE`. Thrown when none does.
 * @throws what `open` throws for the CPU. Thrown when the model itself is at fault.
 */
export async function openOnFirstThatWorks(
  { providers }: Pick<ModelConfig, 'providers'>,
  role: 'serve' | 'attack',
  open: OpenOn,
): Promise<Network> {
  const fallbacks: string[] = [];
  for (const provider of providers) {
    if (provider === 'cpu') return await open('cpu', fallbacks);
    const { works, reason } = await probeProvider(provider);
    const opened = works ? await openChecked(provider, role, open, fallbacks) : reason;
    if (typeof opened !== 'string') return opened;
    fallbacks.push(`${provider}: ${opened}`);
  }
  throw new EngineError(
    'RUNTIME_UNAVAILABLE',
    `expected one of the providers ${providers.join(', ')} to run the model, got: ${fallbacks.join('; ')}`,
  );
}

/** The model on a provider, or why it is not used. */
async function openChecked(
  provider: ProviderName,
  role: 'serve' | 'attack',
  open: OpenOn,
  fallbacks: readonly string[],
): Promise<Network | string> {
  const reference = await open('cpu', []);
  let network: Network | undefined;
  try {
    network = await open(provider, fallbacks);
    const problem = await disagreement(network, reference, role);
    // What stands in the way of a gradient was found out on the CPU, where nothing but the rewriting can differ.
    if (problem === undefined) return { ...network, info: { ...network.info, tasks: reference.info.tasks } };
    await network.dispose();
    return problem;
  } catch (error) {
    await network?.dispose();
    return error instanceof Error ? error.message : String(error);
  } finally {
    await reference.dispose();
  }
}
