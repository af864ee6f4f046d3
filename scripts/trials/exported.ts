import type { Exporters } from './packages.ts';
import type { Trial, TrialInput } from './trial.ts';

const SKL: Exporters = {
  ...{ registry: 'exporters', name: 'skl' },
  packages: ['skl2onnx==1.20.0', 'scikit-learn==1.9.1', 'onnx==1.23.2', 'numpy==2.4.6'],
};
const BOOST: Exporters = {
  ...{ registry: 'exporters', name: 'boost' },
  packages: [
    ...['onnxmltools==1.16.0', 'lightgbm==4.7.0', 'xgboost-cpu==3.2.0', 'catboost==1.2.10'],
    ...SKL.packages,
  ],
};
const KERAS: Exporters = {
  ...{ registry: 'exporters', name: 'keras' },
  packages: ['keras==3.15.1', 'tensorflow-cpu==2.21.0', 'tf2onnx==1.17.0', 'numpy==2.4.6'],
};

const row: TrialInput = { shape: [1, 4] };
const ofRows = (from: Exporters, name: string, input: string): Trial => ({
  ...{ from, path: `${name}.onnx`, inputs: { [input]: row } },
});
/** A model whose probabilities are maps, and its twin where they are a tensor. */
const both = (from: Exporters, name: string, input: string): Trial[] => [
  ofRows(from, `${name}-plain`, input),
  { ...ofRows(from, name, input), alike: `${name}-plain.onnx` },
];
const keras = (name: string, input: string, of: TrialInput): Trial => ({
  ...{ from: KERAS, path: `${name}.onnx`, inputs: { [input]: of } },
});

/** Models as public exporters make them with their own defaults. */
export const EXPORTED: readonly Trial[] = [
  ...both(SKL, 'skl-logistic', 'X'),
  ...both(SKL, 'skl-pipeline-svc', 'X'),
  ...both(SKL, 'skl-forest', 'X'),
  ...both(SKL, 'skl-neighbours', 'X'),
  ...both(SKL, 'skl-mlp', 'X'),
  ...both(SKL, 'skl-names', 'X'),
  ofRows(SKL, 'skl-ridge', 'X'),
  ofRows(SKL, 'skl-boosting', 'X'),
  ofRows(SKL, 'skl-gaussian-process', 'X'),
  ofRows(SKL, 'skl-kmeans', 'X'),
  ofRows(SKL, 'skl-pca', 'X'),
  ofRows(SKL, 'skl-isolation', 'X'),
  ...both(BOOST, 'lightgbm-classes', 'x'),
  ofRows(BOOST, 'lightgbm-numbers', 'x'),
  ofRows(BOOST, 'xgboost-classes', 'x'),
  ofRows(BOOST, 'xgboost-numbers', 'x'),
  ...both(BOOST, 'catboost-classes', 'features'),
  ofRows(BOOST, 'catboost-numbers', 'features'),
  keras('keras-dense', 'keras_tensor', row),
  keras('keras-image', 'keras_tensor_1', { shape: [1, 16, 16, 3] }),
  keras('keras-lstm', 'keras_tensor_2', { shape: [1, 10, 4] }),
  keras('keras-gru', 'keras_tensor_3', { shape: [1, 10, 4] }),
  keras('keras-text', 'keras_tensor_4', { shape: [1, 12], below: 50 }),
];
