namespace Basin.Demo;

/// <summary>Notebooks, bags, headphones and cushions.</summary>
internal static class DemoGoods
{
    public static void Notebook(Brush brush, ref SplitMix64 random)
    {
        var colours = brush.Colours;
        var turn = random.Between(-9, 9);
        brush.Svg.Append($"<g transform=\"rotate({turn + 10} 200 200)\">");
        brush.Box(130, 92, 150, 212, 10, colours.Accent);
        brush.Svg.Append($"</g><g transform=\"rotate({turn} 200 200)\">");
        brush.Box(126, 98, 158, 216, 10, colours.Shade, " opacity=\".25\"");
        brush.Box(126, 92, 152, 214, 6, colours.Light);
        brush.Body("M118 98a10 10 0 0 1 10-10h136a10 10 0 0 1 10 10v198a10 10 0 0 1 -10 10H128a10 10 0 0 1 -10-10z", 118, 88, 274, 306, random.Pick<int>([0, 0, 3, 4, 5]));
        brush.Path("M128 88h14v218h-14a10 10 0 0 1 -10-10V98a10 10 0 0 1 10-10z", colours.Shade);
        if (random.Next(2) == 0) brush.Path("M246 88h9v218h-9z", colours.Accent);
        switch (random.Next(3))
        {
            case 0:
                brush.Box(164, 124, 66, 44, 4, colours.Light);
                brush.Path("M176 139h42v4h-42zm0 11h28v4h-28z", colours.Shade);
                break;
            case 1:
                brush.Circle(196, 176, 25, colours.Light);
                brush.Circle(196, 176, 13, colours.Accent);
                break;
            default:
                brush.Path("M172 304h12v32l-6-7-6 7z", colours.Accent);
                break;
        }
        brush.Svg.Append("</g>");
    }

    public static void Bag(Brush brush, ref SplitMix64 random)
    {
        var colours = brush.Colours;
        var half = random.Between(66, 80);
        var (left, right) = (200 - half, 200 + half);
        var crown = random.Pick<int>([36, 56, 70]);
        brush.Shadow(half + 16);
        brush.Line("M176 118V98a24 24 0 0 1 48 0v20", colours.Shade, 9);
        brush.Box(left - 14, 196, 30, 100, 15, colours.Shade);
        brush.Box(right - 16, 196, 30, 100, 15, colours.Shade);
        brush.Body($"M{left} {112 + crown}a{crown} {crown} 0 0 1 {crown} -{crown}H{right - crown}a{crown} {crown} 0 0 1 {crown} {crown}V294a24 24 0 0 1 -24 24H{left + 24}a24 24 0 0 1 -24 -24z",
            left, 112, right, 318, random.Pick<int>([0, 0, 2, 4]));
        if (random.Next(2) == 0)
        {
            brush.Path($"M{left} 192V{112 + crown}a{crown} {crown} 0 0 1 {crown} -{crown}H{right - crown}a{crown} {crown} 0 0 1 {crown} {crown}V192q0 16-16 16H{left + 16}q-16 0-16-16z", colours.Shade, " opacity=\".5\"");
            brush.Path("M164 188h12v40h-12zM224 188h12v40h-12z", colours.Light);
            brush.Box(160, 214, 20, 16, 3, colours.Accent);
            brush.Box(220, 214, 20, 16, 3, colours.Accent);
        }
        else brush.Line($"M{left + 26} 176H{right - 26}", colours.Light, 4);
        brush.Box(left + 20, 242, half * 2 - 40, 60, 14, colours.Shade, " opacity=\".42\"");
        brush.Line($"M{left + 34} 257H{right - 34}", colours.Light, 4);
        brush.Box(right - 48, 257, 6, 18, 3, colours.Accent);
    }

    public static void Headphones(Brush brush, ref SplitMix64 random)
    {
        var colours = brush.Colours;
        var half = random.Between(74, 90);
        var cup = random.Between(38, 48);
        var tall = random.Between(84, 104);
        var round = random.Pick<int>([16, cup / 2, cup / 2]);
        var (left, right) = (200 - half, 200 + half);
        brush.Shadow(half + 24, 322);
        brush.Line($"M{left} 226v-36a{half} {half} 0 0 1 {half * 2} 0v36", colours.Shade, 17);
        brush.Line($"M{left + 18} {158 - (half - 74) / 2}A{half} {half} 0 0 1 {right - 18} {158 - (half - 74) / 2}", colours.Accent, 7);
        foreach (var side in (ReadOnlySpan<int>)[-1, 1])
        {
            var centre = 200 + side * half;
            brush.Box(centre - side * 12 - cup / 2, 220, cup, tall - 8, round, colours.Light);
            brush.Box(centre + side * 6 - cup / 2, 214, cup, tall, round, colours.Main);
            brush.Box(centre + side * 13 - cup / 4, 214 + tall / 5, cup / 2, tall * 3 / 5, cup / 4, colours.Shade, " opacity=\".4\"");
        }
        brush.Circle(right + 13, 214 + tall / 2, 5, colours.Accent);
    }

    public static void Cushion(Brush brush, ref SplitMix64 random)
    {
        var colours = brush.Colours;
        var (half, tall) = random.Pick<(int, int)>([(96, 92), (112, 76), (102, 98)]);
        var (left, right, top, bottom) = (200 - half, 200 + half, 308 - tall * 2, 308);
        var shape = $"M{left} {top}Q200 {top + 26} {right} {top}Q{right - 20} {308 - tall} {right} {bottom}Q200 {bottom - 20} {left} {bottom}Q{left + 20} {308 - tall} {left} {top}z";
        brush.Shadow(half - 4, 306);
        brush.Svg.Append($"<g transform=\"rotate({random.Between(-7, 7)} 200 {308 - tall})\">");
        brush.Body(shape, left, top, right, bottom, random.Next(6));
        brush.Line(shape, colours.Shade, 5);
        if (random.Next(3) == 0)
        {
            foreach (var (x, y) in (ReadOnlySpan<(int, int)>)[(left, top), (right, top), (left, bottom), (right, bottom)])
            {
                brush.Line($"M{x} {y}l{(x < 200 ? -10 : 10)} {(y < bottom ? -10 : 10)}", colours.Accent, 9);
            }
        }
        else if (random.Next(2) == 0) brush.Circle(200, 308 - tall, 10, colours.Accent);
        brush.Svg.Append("</g>");
    }
}
