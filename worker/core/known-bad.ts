import type { SkippedProvider } from '#protocol/messages/control.ts';
import type { Provider } from '#protocol/values/provider.ts';
import { why } from '#protocol/values/reason.ts';

/** What a browser says of itself and of its graphics processor. */
export interface Said {
  userAgent: string;
  /** Vendor, architecture, device and description, as far as the driver tells them. */
  adapter: string;
}

/** A fault that others found and reported: devices it names skip the provider in 'auto'. */
export interface KnownBad {
  provider: Provider;
  /** Each that is there has to match. */
  gpu?: RegExp;
  browser?: RegExp;
  /** By the model's name; where it is absent, on no model the provider is worth a try. */
  model?: RegExp;
  what: string;
  source: string;
}

/** Faults of phones and their browsers that admission cannot find by itself, or only at a price. */
export const KNOWN_BAD: readonly KnownBad[] = [
  {
    provider: 'webgpu',
    gpu: /adreno\D{0,6}730/i,
    what: 'shaders fail validation on Adreno 730',
    source: 'https://github.com/microsoft/onnxruntime/issues/21970',
  },
  {
    provider: 'webgpu',
    browser: /Android 13\b/,
    model: /smolvlm/i,
    what: 'SmolVLM loses its GPU on Android 13',
    source: 'https://github.com/huggingface/transformers.js/issues/1205',
  },
  {
    provider: 'webgpu',
    browser: /Version\/26\.3\b.*Safari/,
    model: /yolo26/i,
    what: 'YOLO26 ends Safari 26.3 after about 500 runs',
    source: 'https://github.com/microsoft/onnxruntime/issues/27584',
  },
  {
    provider: 'webgpu',
    gpu: /intel.*(gen-12lp|iris.{0,5} xe)/i,
    model: /kokoro/i,
    what: 'Kokoro is wrong on Intel Iris Xe',
    source: 'https://github.com/microsoft/onnxruntime/issues/29807',
  },
];

/** The faults that a device has, or may have on some models. */
export const findKnownBad = ({ userAgent, adapter }: Said): KnownBad[] =>
  KNOWN_BAD.filter(
    ({ gpu, browser }) => (gpu?.test(adapter) ?? true) && (browser?.test(userAgent) ?? true),
  );

/** Providers that are not tried on a model, and why; of no model, those that are tried on none. */
export const skipKnownBad = (faults: readonly KnownBad[], name?: string): SkippedProvider[] =>
  faults
    .filter(({ model }) => (model === undefined ? name === undefined : isNamed(model, name)))
    .map(({ provider, what, source }) => ({
      provider,
      reason: why('known-bad', { what, source }),
    }));

const isNamed = (model: RegExp, name: string | undefined): boolean =>
  name !== undefined && model.test(name);
