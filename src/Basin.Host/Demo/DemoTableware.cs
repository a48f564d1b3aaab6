namespace Basin.Demo;

/// <summary>Mugs, bottles, vases and kettles.</summary>
internal static class DemoTableware
{
    public static void Mug(Brush brush, ref SplitMix64 random)
    {
        var half = random.Between(58, 74);
        var height = random.Between(112, 150);
        var (left, right, top) = (186 - half, 186 + half, 318 - height);
        var corner = random.Pick<int>([14, 30, 48]);
        brush.Shadow(half + 22);
        brush.Line($"M{right - 4} {top + 28}h18a{height / 4} {height / 4} 0 0 1 0 {height / 2}h-22", brush.Colours.Shade, 15);
        brush.Body($"M{left} {top}H{right}V{318 - corner}a{corner} {corner} 0 0 1 -{corner} {corner}H{left + corner}a{corner} {corner} 0 0 1 -{corner} -{corner}z",
            left, top, right, 318, random.Next(6));
        brush.Svg.Append($"<ellipse cx=\"186\" cy=\"{top}\" rx=\"{half}\" ry=\"9\" fill=\"{brush.Colours.Shade}\"/>");
        brush.Svg.Append($"<ellipse cx=\"186\" cy=\"{top + 2}\" rx=\"{half - 9}\" ry=\"5\" fill=\"{brush.Colours.Accent}\" opacity=\".75\"/>");
        brush.Line($"M168 {top - 24}c-12-14 12-22 0-38M200 {top - 24}c-12-14 12-22 0-38", brush.Colours.Light, 6);
    }

    public static void Bottle(Brush brush, ref SplitMix64 random)
    {
        var half = random.Between(38, 52);
        var neck = random.Between(15, 22);
        var top = random.Between(112, 138);
        var shoulder = top + random.Between(36, 70);
        var (left, right) = (200 - half, 200 + half);
        brush.Shadow(half + 16);
        brush.Box(200 - neck - 5, top - 34, neck * 2 + 10, 30, random.Pick<int>([5, 12]), brush.Colours.Shade);
        brush.Body($"M{200 - neck} {top - 8}H{200 + neck}V{top + 8}C{200 + neck} {shoulder - 20} {right} {shoulder - 16} {right} {shoulder + 12}V302"
            + $"a16 16 0 0 1 -16 16H{left + 16}a16 16 0 0 1 -16 -16V{shoulder + 12}C{left} {shoulder - 16} {200 - neck} {shoulder - 20} {200 - neck} {top + 8}z",
            left, top - 8, right, 318, random.Next(6));
        if (random.Next(2) == 0) brush.Line($"M{200 - neck} {top - 30}v-10a{neck} {neck} 0 0 1 {neck * 2} 0v10", brush.Colours.Accent, 7);
        else brush.Box(200 - neck, top + 2, neck * 2, 7, 2, brush.Colours.Accent);
    }

    public static void Vase(Brush brush, ref SplitMix64 random)
    {
        var mouth = random.Between(20, 36);
        var belly = random.Between(52, 84);
        var foot = random.Between(24, 40);
        var top = random.Between(158, 192);
        var waist = top + random.Between(22, 36);
        var stems = random.Next(3);
        for (var stem = -stems; stem <= stems; stem++) Stem(brush, top, stem, ref random);
        brush.Shadow(foot + 34);
        brush.Body($"M{200 - mouth} {top}H{200 + mouth}C{200 + mouth - 8} {waist} {200 + belly} {waist + 6} {200 + belly} 252"
            + $"C{200 + belly} 290 {200 + foot} 300 {200 + foot} 318H{200 - foot}C{200 - foot} 300 {200 - belly} 290 {200 - belly} 252"
            + $"C{200 - belly} {waist + 6} {200 - mouth + 8} {waist} {200 - mouth} {top}z",
            200 - belly, top, 200 + belly, 318, random.Next(6));
        brush.Box(200 - mouth - 4, top - 5, mouth * 2 + 8, 10, 5, brush.Colours.Shade);
    }

    public static void Kettle(Brush brush, ref SplitMix64 random)
    {
        var half = random.Between(70, 86);
        var top = random.Between(182, 204);
        var (left, right) = (200 - half, 200 + half);
        var colours = brush.Colours;
        brush.Shadow(half + 18);
        if (random.Next(2) == 0)
        {
            brush.Line($"M{left + 6} 290C{left - 40} 280 {left - 20} {top - 4} {left - 52} {top - 8}", colours.Shade, 12);
            brush.Line($"M{right - 8} {top + 22}h24a20 20 0 0 1 20 20v24a20 20 0 0 1 -20 20h-14", colours.Shade, 13);
        }
        else
        {
            brush.Path($"M{left + 24} 270L{left - 48} {top + 6}h26L{left + 44} {top + 40}z", colours.Shade);
            brush.Line($"M{left + 22} {top + 12}C{left + 10} {top - 96} {right - 10} {top - 96} {right - 22} {top + 12}", colours.Shade, 13);
        }
        var curve = random.Pick<int>([20, 44, 66]);
        brush.Body($"M{left + curve} {top}H{right - curve}Q{right} {top} {right} {top + 66}V296a22 22 0 0 1 -22 22H{left + 22}a22 22 0 0 1 -22 -22V{top + 66}Q{left} {top} {left + curve} {top}z",
            left, top, right, 318, random.Next(6));
        brush.Box(162, top - 9, 76, 14, 7, colours.Shade);
        brush.Circle(200, top - 18, 12, colours.Accent);
    }

    private static void Stem(Brush brush, int top, int stem, ref SplitMix64 random)
    {
        var x = 200 + stem * 34;
        var tip = top - random.Between(72, 112);
        brush.Line($"M{200 + stem * 5} {top}Q{200 + stem * 10} {top - 50} {x} {tip}", "#4f6f52", 4);
        if (random.Next(3) == 0)
        {
            brush.Circle(x, tip, 15, brush.Colours.Accent);
            brush.Circle(x, tip, 6, brush.Colours.Light);
            return;
        }
        for (var leaf = 0; leaf < 3; leaf++)
        {
            var (cx, cy) = (x - stem * leaf * 5, tip + leaf * 22);
            brush.Path($"M{cx} {cy + 8}q-24-4-26-24q22 2 26 24q4-22 26-24q-2 20-26 24z", leaf == 1 ? "#5f8562" : "#7ea37c");
        }
    }
}
