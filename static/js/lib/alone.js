// One tab at a time.

/**
 * Runs `work` while no other tab runs work of this name. Where the browser has no locks, or
 * refuses them to a frame without storage, it runs at once.
 */
export async function alone(name, work) {
  let begun = false;
  const begin = () => {
    begun = true;
    return work();
  };
  try {
    return await navigator.locks.request(name, begin);
  } catch (error) {
    if (begun) throw error;
    return work();
  }
}
