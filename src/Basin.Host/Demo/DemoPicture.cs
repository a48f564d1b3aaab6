using System.Text;

namespace Basin.Demo;

/// <summary>A flat illustration for each demo product: an object of its category before a quiet ground. Same index, same picture.</summary>
public static class DemoPicture
{
    /// <summary>An SVG document of 400 by 400 units and less than 4 KB, without styles or scripts.</summary>
    public static string Svg(int index)
    {
        var category = DemoCatalog.CategoryOf(index);
        var random = new SplitMix64(~(long)index << 16);
        var palette = random.Pick<Palette>(Palette.All);
        var svg = new StringBuilder(2048);
        svg.Append("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 400 400\">");
        DrawGround(svg, palette, ref random);
        svg.Append("<g transform=\"translate(-30 -40) scale(1.15)\">");
        Draw(category, new Brush(svg, palette), ref random);
        return svg.Append("</g></svg>").ToString();
    }

    private static void DrawGround(StringBuilder svg, Palette palette, ref SplitMix64 random)
    {
        svg.Append($"<rect width=\"400\" height=\"400\" fill=\"{palette.Ground}\"/>");
        svg.Append(random.Next(4) switch
        {
            0 => $"<circle cx=\"200\" cy=\"196\" r=\"{random.Between(124, 146)}\" fill=\"{palette.Back}\"/>",
            1 => $"<path d=\"M0 286h400v114H0z\" fill=\"{palette.Back}\"/>",
            2 => $"<path d=\"M86 316V188a114 114 0 0 1 228 0v128z\" fill=\"{palette.Back}\"/>",
            _ => $"<path d=\"M0 286h400v114H0z\" fill=\"{palette.Back}\"/><circle cx=\"{random.Between(96, 304)}\" cy=\"128\" r=\"58\""
                + $" fill=\"{palette.Back}\" opacity=\".65\"/>",
        });
    }

    private static void Draw(int category, Brush brush, ref SplitMix64 random)
    {
        switch (category)
        {
            case 0: DemoTableware.Mug(brush, ref random); break;
            case 1: DemoFurniture.Lamp(brush, ref random); break;
            case 2: DemoFurniture.Chair(brush, ref random); break;
            case 3: DemoFurniture.Plant(brush, ref random); break;
            case 4: DemoGoods.Notebook(brush, ref random); break;
            case 5: DemoGoods.Bag(brush, ref random); break;
            case 6: DemoTableware.Bottle(brush, ref random); break;
            case 7: DemoGoods.Headphones(brush, ref random); break;
            case 8: DemoFurniture.Clock(brush, ref random); break;
            case 9: DemoTableware.Vase(brush, ref random); break;
            case 10: DemoGoods.Cushion(brush, ref random); break;
            default: DemoTableware.Kettle(brush, ref random); break;
        }
    }
}

/// <summary>Six colours that go together: two of the ground, three of the object, one that stands out.</summary>
internal sealed record Palette(string Ground, string Back, string Main, string Shade, string Light, string Accent)
{
    public static readonly Palette[] All =
    [
        new("#e8efee", "#d2e1df", "#1f7a80", "#10464c", "#f4f1e8", "#f0a04b"),
        new("#f6ece2", "#ecd9c6", "#c65d3b", "#7a3320", "#fbf3e6", "#2f5d62"),
        new("#ebecf4", "#d8dbec", "#4a5699", "#28305f", "#f3f0fa", "#f2b84b"),
        new("#eef2e4", "#dce5c9", "#5d7c3f", "#36491f", "#f7f6e7", "#d96c4a"),
        new("#faefd9", "#f4dfb3", "#e0a02c", "#8a5a12", "#fff8e8", "#2d6a73"),
        new("#f7e9ea", "#efd3d6", "#c4586b", "#742f40", "#fdf3f1", "#3d5a80"),
        new("#e6eef5", "#cfdfec", "#3a76a8", "#1d4467", "#f2f6f8", "#ef8a62"),
        new("#efebe6", "#ded6cc", "#8a6f58", "#4e3c2e", "#f8f3ea", "#5f8f8b"),
        new("#e9edee", "#d4dcde", "#3c4a50", "#1d272b", "#eef0ee", "#e2725b"),
        new("#f0eaf3", "#e0d3e7", "#7d5592", "#48305a", "#f8f2f8", "#e3b04b"),
        new("#e4f1ea", "#c8e3d5", "#2f9573", "#175443", "#f3f8ee", "#f26d5b"),
        new("#dfe3e0", "#cbd2ce", "#f5efe3", "#85735c", "#d3bd9c", "#c96f4a"),
    ];
}

/// <summary>Writes shapes in the colours of one palette.</summary>
internal readonly record struct Brush(StringBuilder Svg, Palette Colours)
{
    public void Path(string data, string fill, string more = "") => Svg.Append($"<path d=\"{data}\" fill=\"{fill}\"{more}/>");

    public void Line(string data, string stroke, int width) =>
        Svg.Append($"<path d=\"{data}\" fill=\"none\" stroke=\"{stroke}\" stroke-width=\"{width}\" stroke-linecap=\"round\" stroke-linejoin=\"round\"/>");

    public void Circle(int x, int y, int radius, string fill, string more = "") =>
        Svg.Append($"<circle cx=\"{x}\" cy=\"{y}\" r=\"{radius}\" fill=\"{fill}\"{more}/>");

    public void Box(int x, int y, int width, int height, int round, string fill, string more = "") =>
        Svg.Append($"<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"{round}\" fill=\"{fill}\"{more}/>");

    /// <summary>The shadow an object throws on what it stands on.</summary>
    public void Shadow(int width, int y = 318) =>
        Svg.Append($"<ellipse cx=\"200\" cy=\"{y}\" rx=\"{width}\" ry=\"9\" fill=\"{Colours.Shade}\" opacity=\".22\"/>");

    /// <summary>A shape with a pattern, lit from the left: light on one edge, shade on the other.</summary>
    public void Body(string data, int left, int top, int right, int bottom, int pattern, string? colour = null)
    {
        var width = right - left;
        Path(data, colour ?? Colours.Main);
        Svg.Append($"<clipPath id=\"c\"><path d=\"{data}\"/></clipPath><g clip-path=\"url(#c)\">");
        Pattern(left, top, right, bottom, pattern);
        Path($"M{right - width * 3 / 10} {top}H{right}V{bottom}H{right - width * 3 / 10}z", Colours.Shade, " opacity=\".16\"");
        Path($"M{left + width / 9} {top}h{width / 12}V{bottom}h-{width / 12}z", "#fff", " opacity=\".22\"");
        Svg.Append("</g>");
    }

    private void Pattern(int left, int top, int right, int bottom, int pattern)
    {
        var (width, height) = (right - left, bottom - top);
        switch (pattern)
        {
            case 1:
                Path($"M{left} {bottom - height * 2 / 5}H{right}V{bottom}H{left}z", Colours.Light);
                break;
            case 2:
                Path($"M{left} {top + height / 3}h{width}v12h-{width}zm0 22h{width}v5h-{width}z", Colours.Light);
                break;
            case 3:
                for (var y = top + 18; y < bottom; y += 28)
                    for (var x = left + 10 + (y - top - 18) / 28 % 2 * 14; x < right; x += 28) Circle(x, y, 4, Colours.Light);
                break;
            case 4:
                var wave = string.Concat(Enumerable.Repeat("q12-16 24 0t24 0", width / 48 + 1));
                Path($"M{left} {top + height / 2}{wave}V{bottom}H{left}z", Colours.Accent);
                break;
            case 5:
                for (var x = left - height; x < right; x += 30) Path($"M{x} {bottom}l{height} -{height}h9l-{height} {height}z", Colours.Light);
                break;
            default:
                break;
        }
    }
}
