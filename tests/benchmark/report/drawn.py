"""What a drawn figure must keep to."""


def assert_whole(figure):
    """See that titles, legends and the labels of axes lie inside their figure."""
    renderer = figure.canvas.get_renderer()
    written = list(figure.texts)
    for legend in figure.legends:
        written += [*legend.get_texts(), legend.get_title()]
    for axes in figure.axes:
        written += [axes.yaxis.label, axes.xaxis.label, axes.title]
    for one in written:
        box = one.get_window_extent(renderer)
        if one.get_text() and one.get_visible():
            assert box.x0 >= -1, one
            assert box.y0 >= -1, one
            assert box.x1 <= figure.bbox.x1 + 1, one
            assert box.y1 <= figure.bbox.y1 + 1, one
