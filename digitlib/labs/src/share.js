// A share of so many cases, and how far it can be trusted.

// Wilson's 95 % interval, as chapter "Error analysis" works it out: [low, high], both from 0 to 1.
export function shareInterval(count, total, z = 1.96) {
  const share = count / total, spread = z * Math.sqrt((share * (1 - share)) / total + z ** 2 / (4 * total ** 2));
  const [low, high] = [-spread, spread].map((half) => (share + z ** 2 / (2 * total) + half) / (1 + z ** 2 / total));
  return [Math.max(Math.min(low, share), 0), Math.min(Math.max(high, share), 1)]; // whatever rounding makes of 0 of 20
}
