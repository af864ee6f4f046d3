import type { FileKind } from './file-kind.ts';

/** What a form takes a file as. */
export type FileRole = 'model' | 'inputs';

/** What may be sent as `inputs`, for a sentence. */
export const INPUT_FORMATS = 'safetensors, NPY, NPZ, JSON Lines, PNG, JPEG, WebP, GIF or AVIF';

/** Kinds of files that inputs may be. */
export const INPUT_KINDS: ReadonlySet<FileKind> = new Set<FileKind>([
  'safetensors',
  'npy',
  'npz',
  'json',
  'png',
  'jpeg',
  'webp',
  'gif',
  'avif',
]);

interface Foreign {
  /** What the file is, with an article. */
  what: string;
  /** What to do where it came as the model, or as inputs; else the general way. */
  model?: string;
  inputs?: string;
}

const WAYS: Readonly<Record<FileRole, string>> = {
  model: 'send the .onnx file as `model`',
  inputs: `convert it to ${INPUT_FORMATS}`,
};

const both = (what: string, way: string): Foreign => ({ what, model: way, inputs: way });
const data = (what: string, inputs: string): Foreign => ({ what, inputs });
const model = (what: string, way: string): Foreign => ({ what, model: way });

const PILLOW = 'save it as PNG; in Python: PIL.Image.open(path).convert("RGB").save("x.png")';
const UNPACK = 'and send what is in it';
const inPython = (array: string) => `in Python: numpy.save("x.npy", ${array})`;

const FOREIGN: Readonly<Record<FileKind, Foreign>> = {
  empty: both('empty', 'send a file with something in it'),
  'git-lfs': both(
    'a Git LFS pointer, a note of where the file is',
    'run `git lfs pull` in the clone, or download the file itself, and send that',
  ),
  html: both(
    'a web page, maybe what a server says when a file is not there',
    'download the file itself, not the page about it',
  ),
  onnx: { what: 'an ONNX model', inputs: 'send it as `model`, and the data as `inputs`' },
  tensorflow: model(
    'a TensorFlow graph',
    'convert it: python -m tf2onnx.convert --saved-model FOLDER --output model.onnx',
  ),
  tflite: model(
    'a TensorFlow Lite model',
    'convert it: python -m tf2onnx.convert --tflite model.tflite --output model.onnx',
  ),
  keras: model('a Keras model', 'export it: model.export("model.onnx", format="onnx")'),
  hdf5: {
    what: 'an HDF5 file',
    model: 'if Keras wrote it, export it: model.export("model.onnx", format="onnx")',
    inputs: inPython('h5py.File(path)["x"][:]'),
  },
  pytorch: {
    what: 'a PyTorch file',
    model: 'export the model: torch.onnx.export(model, (example,), "model.onnx")',
    inputs: inPython('torch.load(path).numpy()'),
  },
  pickle: {
    what: 'a Python pickle, which is opened nowhere but in Python',
    model: 'export with torch.onnx.export, or skl2onnx.to_onnx(…, options={"zipmap": False})',
    inputs: inPython('pickle.load(open(path, "rb"))'),
  },
  safetensors: model(
    'a safetensors file: weights without the graph that uses them',
    'export the model: torch.onnx.export, or optimum-cli export onnx --model NAME FOLDER',
  ),
  gguf: model(
    'a GGUF file of llama.cpp, which the ONNX runtime does not run',
    'look for an ONNX export: optimum-cli export onnx --model NAME FOLDER',
  ),
  ort: model('a model in the ORT format', 'send the .onnx file it was made from'),
  openvino: model('an OpenVINO model', 'send the ONNX file it was made from'),
  ncnn: model('an ncnn model', 'send the ONNX file it was made from'),
  tensorrt: model('a TensorRT engine, made for one GPU', 'send the ONNX file it was built from'),
  gzip: both('packed with gzip', `unpack it with gunzip, ${UNPACK}`),
  zstd: both('packed with Zstandard', `unpack it with unzstd, ${UNPACK}`),
  xz: both('packed with xz', `unpack it with unxz, ${UNPACK}`),
  bzip2: both('packed with bzip2', `unpack it with bunzip2, ${UNPACK}`),
  '7z': both('a 7z archive', `unpack it, ${UNPACK}`),
  rar: both('a RAR archive', `unpack it, ${UNPACK}`),
  tar: both('a tar archive', `unpack it with tar -xf, ${UNPACK}`),
  zip: both('a ZIP archive without NPY files', `unpack it, ${UNPACK}`),
  heic: data(
    'a HEIC picture, as iPhones take',
    'choose Settings, Camera, Formats, Most Compatible; or sips -s format jpeg x.heic --out x.jpg',
  ),
  svg: data('an SVG drawing', 'draw it at the size the model takes, and save that as PNG'),
  bmp: data('a BMP picture', PILLOW),
  tiff: data('a TIFF picture or the raw file of a camera', PILLOW),
  'raw-photo': data('the raw file of a camera', 'develop it, and save that as PNG or JPEG'),
  'jpeg-xl': data('a JPEG XL picture', 'convert it: djxl x.jxl x.png'),
  'jpeg-2000': data('a JPEG 2000 picture', PILLOW),
  photoshop: data('a Photoshop file', PILLOW),
  icon: data('an icon file', PILLOW),
  exr: data('an OpenEXR picture', inPython('imageio.imread(path)[None]')),
  dicom: data('a DICOM picture', inPython('pydicom.dcmread(path).pixel_array[None]')),
  fits: data('a FITS file', inPython('astropy.io.fits.getdata(path)[None]')),
  pdf: data('a PDF document', 'make pictures of its pages: pdftoppm -png -r 150 x.pdf page'),
  video: data('a video', 'make pictures of it: ffmpeg -i FILE -vf fps=1 frame-%05d.png'),
  audio: data('a sound file', inPython('soundfile.read(path, dtype="float32")[0][None]')),
  csv: data(
    'a table as text (CSV)',
    `write one JSON array a line; or ${inPython('pandas.read_csv(path).to_numpy("float32")')}`,
  ),
  parquet: data('a Parquet table', inPython('pandas.read_parquet(path).to_numpy("float32")')),
  arrow: data('an Arrow table', inPython('pandas.read_feather(path).to_numpy("float32")')),
  matlab: data('a MATLAB file', inPython('scipy.io.loadmat(path)["x"]')),
  sqlite: { what: 'an SQLite database' },
  office: { what: 'an office document' },
  json: { what: 'JSON text' },
  xml: { what: 'XML text' },
  text: { what: 'plain text' },
  npy: { what: 'a NumPy array' },
  npz: { what: 'an archive of NumPy arrays' },
  png: { what: 'a PNG picture' },
  jpeg: { what: 'a JPEG picture' },
  webp: { what: 'a WebP picture' },
  gif: { what: 'a GIF picture' },
  avif: { what: 'an AVIF picture' },
  unknown: { what: 'of a kind that is not known here' },
};

/** What a file of another kind is and what to do: `is a PDF document; make pictures of …`. */
export function describeForeign(kind: FileKind, role: FileRole): string {
  const foreign = FOREIGN[kind];
  return `is ${foreign.what}; ${foreign[role] ?? WAYS[role]}`;
}
