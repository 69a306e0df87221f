"""The lattice that a network which enlarges its features leaves in what it paints."""

from typing import Any

from keras import ops

Tensor = Any

PERIOD = 4  # The transform network enlarges twice by 2.
SURROUNDINGS = 9


def lattice(pictures: Tensor) -> Tensor:
    """How strong a pattern of period 4 each picture has everywhere, (b,).

    mean over colors and phases (i, j) of (m_ij - mean of m)^2,

    where m_ij is the mean of all pixels in rows y and columns x with y mod 4 = i and x mod 4 = j,
    of the picture minus its means over 9 x 9 pixels: the power of the picture at the periods 4 and
    2. What has no such order, a photo or a painting, has almost none of it, since so many pixels
    are averaged.

    A convolution after nearest-neighbor enlargement sees which pixel of four by four it makes, as
    Odena et al. (2016), "Deconvolution and checkerboard artifacts", say of the transposed
    convolutions in whose place it stands. VGG-19's statistics are as good with the weave that comes
    from it as without, so that nothing else in the objective takes it out.

    pictures: (b, h, w, 3), of at least 12 pixels.
    """
    edge = SURROUNDINGS // 2
    # By columns and then by rows: 18 numbers for each mean, forward and back, in place of 81.
    surroundings = ops.average_pool(pictures, (SURROUNDINGS, 1), strides=1, padding="valid")
    surroundings = ops.average_pool(surroundings, (1, SURROUNDINGS), strides=1, padding="valid")
    grain = pictures[:, edge:-edge, edge:-edge] - surroundings
    rows, columns = (side // PERIOD for side in grain.shape[1:3])
    cells = grain[:, : rows * PERIOD, : columns * PERIOD]
    cells = ops.reshape(cells, (-1, rows, PERIOD, columns, PERIOD, 3))
    phases = ops.mean(cells, axis=(1, 3))
    return ops.mean(ops.var(phases, axis=(1, 2)), axis=-1)
