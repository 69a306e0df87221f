"""Draws the two pictures of this folder from seeded random numbers: python samples/draw.py"""

from pathlib import Path

from brushwork import draw_brushwork
from landscape import draw_landscape

LANDSCAPE_SIZE, LANDSCAPE_SEED = (384, 512), 7
BRUSHWORK_SIZE, BRUSHWORK_SEED = (512, 512), 11


def main():
    folder = Path(__file__).parent
    landscape = draw_landscape(LANDSCAPE_SIZE, LANDSCAPE_SEED)
    landscape.save(folder / "landscape.jpg", quality=92, subsampling=0)
    brushwork = draw_brushwork(BRUSHWORK_SIZE, BRUSHWORK_SEED)
    brushwork.save(folder / "brushwork.jpg", quality=85, subsampling=0)


if __name__ == "__main__":
    main()
