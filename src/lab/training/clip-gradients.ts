/**
 * Shortens gradients, all together, to the length `maxNorm` where they are longer: each is multiplied with
 * maxNorm / (‖g‖₂ + 10⁻⁶), in place. Source: PyTorch's `clip_grad_norm_`.
 *
 * @returns their length before, ‖g‖₂ over all of them
 */
export function clipGradients(gradients: ReadonlyMap<string, Float32Array>, maxNorm: number | undefined): number {
  let squares = 0;
  for (const gradient of gradients.values()) {
    for (let i = 0; i < gradient.length; i++) squares += (gradient[i] as number) ** 2;
  }
  const norm = Math.sqrt(squares);
  const factor = maxNorm === undefined ? 1 : maxNorm / (norm + 1e-6);
  if (factor < 1) {
    for (const gradient of gradients.values()) {
      for (let i = 0; i < gradient.length; i++) gradient[i] = (gradient[i] as number) * factor;
    }
  }
  return norm;
}
