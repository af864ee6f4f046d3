/** Written by `npm run bench -- tolerance --write`: the largest distances of honest units on a GPU. */
export const GPU_NOISE = [
  { adapter: 'google swiftshader', model: 'digits', units: 33000, l2: 1.5e-6, max: 3.5e-6 },
  { adapter: 'google swiftshader', model: 'minilm', units: 54, l2: 3.4e-7, max: 1.5e-6 },
  { adapter: 'google swiftshader', model: 'mobilenet', units: 128, l2: 1.1e-6, max: 4.4e-6 },
] as const;
