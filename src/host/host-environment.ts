/** What a host runs with beside what its parent has; the parent's own settings win. */
export const hostEnvironment = (parent: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({
  // NVIDIA's libraries would round the factors of products to 10 bits, and gradients with them.
  NVIDIA_TF32_OVERRIDE: '0',
  // Weights are copied several times while a session is made. glibc would keep what was freed of that for the next time: given a
  // threshold it does not raise its own, and memory of large blocks goes back to the system.
  MALLOC_MMAP_THRESHOLD_: `${128 * 1024}`,
  ...parent,
});
