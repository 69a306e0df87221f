"""Color control: how to keep the content's colors. Gatys et al. (2017), section 5."""

import numpy as np

# The Y of YIQ, in which the paper separates luminance from color (Rec. 601).
LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)

# Colors that vary by less than one 8-bit level, root mean square, vary by rounding and by JPEG.
NO_VARIANCE = (1 / 255) ** 2


def luminance(pixels: np.ndarray) -> np.ndarray:
    """Y = 0.299 R + 0.587 G + 0.114 B, (h, w) in [0, 1], of (h, w, 3) pixels."""
    return pixels @ LUMA


def keep_luminance(pixels: np.ndarray, content: np.ndarray) -> np.ndarray:
    """The luminance of `pixels` with the color, I and Q of YIQ, of `content`.

    result = Y(pixels) + s (content - Y(content)),  s in [0, 1] for each pixel

    Equal I and Q are an equal distance from gray, content - Y(content), which saves going to YIQ
    and back. Where the sum would leave [0, 1], s is the largest that keeps it inside: the color is
    paler, but its hue and the luminance are right. Elsewhere s = 1.

    Gatys et al. (2017, luminance-only transfer) stylize the luminance alone and do not say what to
    do outside [0, 1]. Here any stylized picture may come in; only its luminance is used.

    Args:
      pixels: (h, w, 3) in [0, 1], the stylized picture.
      content: (h, w, 3) in [0, 1].

    Returns:
      (h, w, 3) float32 in [0, 1].
    """
    target = luminance(pixels)[..., np.newaxis]
    chroma = content - luminance(content)[..., np.newaxis]
    room = np.where(chroma > 0, 1 - target, target)
    tiny = np.finfo(np.float32).tiny
    strength = np.min(room / np.maximum(np.abs(chroma), tiny), axis=-1, keepdims=True)
    kept = target + np.minimum(strength, 1) * chroma
    return np.clip(kept, 0, 1).astype(np.float32)  # Only rounding is left to clip.


def match_color(style: np.ndarray, content: np.ndarray) -> np.ndarray:
    """The style picture in the content's colors: with its mean and covariance.

    Each pixel x becomes A x + b as in `color_transform`; what leaves [0, 1] is clipped, the only
    reason why the statistics of the result may differ a little from the content's.

    Args:
      style: (h, w, 3) in [0, 1].
      content: (h, w, 3) in [0, 1], of any size.

    Returns:
      float32 in [0, 1], of the shape of `style`.
    """
    matrix, offset = color_transform(style, content)
    return np.clip(style @ matrix.T + offset, 0, 1).astype(np.float32)


def color_transform(style: np.ndarray, content: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A and b of x -> A x + b that give the style the content's mean and covariance.

    A = S_content^(1/2) S_style^(-1/2),  b = m_content - A m_style

    S is the covariance and m the mean over all pixels. Of the two solutions of
    A S_style A' = S_content in Gatys et al. (2017, color histogram matching) this is the one of
    Image Analogies, with symmetric square roots. The other one, from Cholesky factors, depends on
    the order of R, G and B.

    Directions in which colors vary by less than one 8-bit level count as not varying at all. The
    roots leave them out: a gray style cannot become colorful, but its noise does not either.

    Returns:
      (3, 3) and (3,), float64.
    """
    style_mean, style_covariance = _mean_and_covariance(style)
    content_mean, content_covariance = _mean_and_covariance(content)
    matrix = _symmetric_power(content_covariance, 0.5) @ _symmetric_power(style_covariance, -0.5)
    return matrix, content_mean - matrix @ style_mean


def _mean_and_covariance(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    colors = pixels.reshape(-1, 3).astype(np.float64)
    return colors.mean(axis=0), np.cov(colors, rowvar=False, bias=True)


def _symmetric_power(covariance: np.ndarray, exponent: float) -> np.ndarray:
    """U L^exponent U' for the covariance U L U'; directions of no variance give zero."""
    variances, directions = np.linalg.eigh(covariance)
    varies = variances > NO_VARIANCE
    powers = np.where(varies, np.where(varies, variances, 1) ** exponent, 0)
    return (directions * powers) @ directions.T
