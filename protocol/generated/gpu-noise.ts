/** Written by `npm run bench -- tolerance --write`: the largest distances of honest GPU units. */
export const GPU_NOISE = [
  { adapter: 'google swiftshader', model: 'digits', units: 1042, l2: 5.7e-7, max: 2.1e-6 },
] as const;
