"""How the app looks: the colors and letters of the page in page/, and nothing from elsewhere."""

from pathlib import Path

from gradio.themes import Base, Color

CSS = Path(__file__).with_name("style.css")
SANS = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "sans-serif")
MONO = ("ui-monospace", "Menlo", "Consolas", "monospace")
# Light and dark.
WALL, RAISED = ("#f7f5f1", "#141311"), ("#ffffff", "#201e1b")
INK, MUTED = ("#24211d", "#ece7df"), ("#676056", "#a69e92")
LINE, ACCENT = ("#dcd6cb", "#3a3631"), ("#94540d", "#e3b062")
# From light to dark, around the two accents.
SHADES = (
    *("#fdf8ef", "#f9ecd6", "#f2d9ae", "#ebc583", "#e3b062", "#b97a26"),
    *("#94540d", "#7a450b", "#5f3609", "#452706", "#2b1904"),
)
COLORS = {
    "body_background_fill": WALL,
    "body_text_color": INK,
    "body_text_color_subdued": MUTED,
    "background_fill_primary": RAISED,
    "background_fill_secondary": WALL,
    "block_background_fill": RAISED,
    "block_border_color": LINE,
    "block_label_background_fill": RAISED,
    "block_label_text_color": MUTED,
    "block_title_text_color": INK,
    "block_info_text_color": MUTED,
    "border_color_primary": LINE,
    "border_color_accent": ACCENT,
    "color_accent_soft": WALL,
    "input_background_fill": RAISED,
    "input_border_color": LINE,
    "slider_color": ACCENT,
    "link_text_color": ACCENT,
    "checkbox_background_color_selected": ACCENT,
    "checkbox_border_color_selected": ACCENT,
    "checkbox_label_background_fill": RAISED,
    "checkbox_label_background_fill_selected": WALL,
    "checkbox_label_text_color_selected": INK,
    "button_primary_background_fill": INK,
    "button_primary_background_fill_hover": ACCENT,
    "button_primary_border_color": INK,
    "button_primary_border_color_hover": ACCENT,
    "button_primary_text_color": WALL,
    "button_secondary_background_fill": RAISED,
    "button_secondary_background_fill_hover": WALL,
    "button_secondary_text_color": INK,
    "button_secondary_border_color": LINE,
}


def theme() -> Base:
    """Gradio's plainest theme in these colors, with the letters that the system has."""
    base = Base(
        primary_hue=Color(*SHADES, name="ochre"),
        neutral_hue="stone",
        font=SANS,
        font_mono=MONO,
        radius_size="sm",
    )
    base.set(
        **{name: light for name, (light, _) in COLORS.items()},
        **{f"{name}_dark": dark for name, (_, dark) in COLORS.items()},
        block_shadow="none",
        input_border_width="1px",
        button_large_radius="999px",
        button_medium_radius="999px",
        button_small_radius="999px",
        button_primary_shadow="none",
        button_secondary_shadow="none",
        button_border_width="1px",
    )
    return base
