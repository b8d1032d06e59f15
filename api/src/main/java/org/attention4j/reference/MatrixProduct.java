package org.attention4j.reference;

import org.attention4j.spi.RowMajor;

/** Matrix products over the last two axes; leading axes broadcast. */
final class MatrixProduct {
  private MatrixProduct() {}

  static NumberArray of(NumberArray a, NumberArray b, boolean transposeB, int[] shape) {
    int rank = shape.length;
    int rows = shape[rank - 2];
    int columns = shape[rank - 1];
    int inner = a.shape()[a.rank() - 1];
    int[] aAt = RowMajor.matrices(a.shape(), shape);
    int[] bAt = RowMajor.matrices(b.shape(), shape);
    if (!a.isReal()) {
      long[] y = new long[RowMajor.size(shape)];
      for (int m = 0; m < aAt.length; m++) {
        integers(a, aAt[m], b, bAt[m], transposeB, y, m * rows * columns, rows, columns, inner);
      }
      return NumberArray.of(y, shape);
    }
    double[] y = new double[RowMajor.size(shape)];
    for (int m = 0; m < aAt.length; m++) {
      for (int i = 0; i < rows; i++) {
        int aRow = aAt[m] + i * inner;
        int yRow = (m * rows + i) * columns;
        if (transposeB) {
          dots(a.reals(), aRow, b.reals(), bAt[m], y, yRow, columns, inner);
        } else {
          sums(a.reals(), aRow, b.reals(), bAt[m], y, yRow, columns, inner);
        }
      }
    }
    return NumberArray.of(y, shape);
  }

  private static void dots(
      double[] a, int aRow, double[] b, int bAt, double[] y, int yRow, int columns, int inner) {
    for (int j = 0; j < columns; j++) {
      double sum = 0;
      for (int k = 0; k < inner; k++) {
        sum += a[aRow + k] * b[bAt + j * inner + k];
      }
      y[yRow + j] = sum;
    }
  }

  /** Same sums in the same order as {@link #dots}, but walking b row by row. */
  private static void sums(
      double[] a, int aRow, double[] b, int bAt, double[] y, int yRow, int columns, int inner) {
    for (int k = 0; k < inner; k++) {
      double factor = a[aRow + k];
      for (int j = 0; j < columns; j++) {
        y[yRow + j] += factor * b[bAt + k * columns + j];
      }
    }
  }

  private static void integers(
      NumberArray a,
      int aAt,
      NumberArray b,
      int bAt,
      boolean transposeB,
      long[] y,
      int yAt,
      int rows,
      int columns,
      int inner) {
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < columns; j++) {
        long sum = 0;
        for (int k = 0; k < inner; k++) {
          int at = transposeB ? j * inner + k : k * columns + j;
          sum += a.integers()[aAt + i * inner + k] * b.integers()[bAt + at];
        }
        y[yAt + i * columns + j] = sum;
      }
    }
  }
}
