namespace Basin.Demo;

/// <summary>Lamps, chairs, plants and clocks.</summary>
internal static class DemoFurniture
{
    private const string Wood = "#b98a5e";
    private const string DarkWood = "#8d6541";
    private const string Glow = "#ffd27a";

    public static void Lamp(Brush brush, ref SplitMix64 random)
    {
        var colours = brush.Colours;
        var half = random.Between(58, 84);
        switch (random.Next(3))
        {
            case 0:
                brush.Line("M200 0V128", colours.Shade, 4);
                brush.Path($"M{200 - half} 214L{140 - half} 400H{260 + half}L{200 + half} 214z", Glow, " opacity=\".38\"");
                brush.Circle(200, 212, 22, Glow);
                brush.Body($"M{200 - half} 214a{half} {half} 0 0 1 {half * 2} 0z", 200 - half, 214 - half, 200 + half, 214, 0);
                brush.Box(188, 206 - half, 24, 22, 5, colours.Shade);
                break;
            case 1:
                brush.Shadow(56);
                brush.Box(150, 304, 100, 14, 7, colours.Shade);
                brush.Line("M200 304V200", colours.Shade, 9);
                brush.Circle(200, 168, half + 30, Glow, " opacity=\".38\"");
                var slant = random.Between(14, 34);
                brush.Body($"M{200 - half + slant} 106H{200 + half - slant}L{200 + half} 212H{200 - half}z", 200 - half, 106, 200 + half, 212,
                    random.Pick<int>([0, 0, 2, 5]));
                brush.Line($"M{200 + half / 2} 212v34", colours.Accent, 3);
                brush.Circle(200 + half / 2, 250, 5, colours.Accent);
                break;
            default:
                brush.Shadow(58);
                brush.Box(144, 303, 104, 15, 7, colours.Shade);
                brush.Line("M190 303L146 208L226 130", colours.Shade, 8);
                brush.Circle(146, 208, 10, colours.Accent);
                brush.Path("M246 158L214 320H392L300 128z", Glow, " opacity=\".42\"");
                brush.Circle(270, 152, 17, Glow);
                brush.Path("M196 130a44 44 0 0 1 74-36l38 44l-62 40z", colours.Main);
                brush.Path("M270 94l38 44l-14 9l-44-61a44 44 0 0 1 20 8z", colours.Shade, " opacity=\".2\"");
                break;
        }
    }

    public static void Chair(Brush brush, ref SplitMix64 random)
    {
        var colours = brush.Colours;
        var (wood, dark) = random.Next(3) == 0 ? (colours.Shade, colours.Shade) : (Wood, DarkWood);
        brush.Shadow(92);
        switch (random.Next(3))
        {
            case 0:
                brush.Line("M150 250L138 316M250 250L262 316", dark, 11);
                brush.Line("M160 244V110M240 244V110", wood, 12);
                for (var slat = 0; slat < 3; slat++) brush.Box(152, 106 + slat * 34, 96, 17, 8, wood);
                brush.Box(134, 230, 132, 26, 13, colours.Main);
                break;
            case 1:
                brush.Line("M160 258L136 316M240 258L264 316M178 262l-8 50M222 262l8 50", wood, 9);
                brush.Body("M142 118q58-26 116 0l10 108q2 38-34 38h-68q-36 0-34-38z", 132, 100, 268, 264, random.Pick<int>([0, 0, 3, 5]));
                brush.Path("M132 226q68 30 136 0q2 38-34 38h-68q-36 0-34-38z", colours.Shade, " opacity=\".28\"");
                break;
            default:
                brush.Line("M136 272L122 316M264 272L278 316", dark, 11);
                brush.Body("M128 116a24 24 0 0 1 24-24h96a24 24 0 0 1 24 24v120H128z", 128, 92, 272, 236, random.Pick<int>([0, 2, 3, 5]));
                brush.Box(140, 212, 120, 38, 16, colours.Light);
                brush.Box(108, 188, 34, 88, 17, colours.Main);
                brush.Box(258, 188, 34, 88, 17, colours.Main);
                brush.Box(126, 244, 148, 32, 12, colours.Shade);
                break;
        }
    }

    public static void Plant(Brush brush, ref SplitMix64 random)
    {
        string[] greens = random.Pick<string[]>([["#2f6b4f", "#4f9470"], ["#55733a", "#86a35a"], ["#2d6a64", "#5a9c91"]]);
        var lean = random.Between(-10, 10);
        switch (random.Next(4))
        {
            case 0:
                for (var blade = 0; blade < 7; blade++)
                {
                    var (x, tip) = (164 + blade * 12, 92 + Math.Abs(3 - blade) * 26 + random.Next(18));
                    var bend = (blade - 3) * 9;
                    brush.Path($"M{x - 9} 240Q{x - 13 + bend} {tip + 60} {x + bend} {tip}Q{x + 13 + bend} {tip + 60} {x + 9} 240z", greens[blade % 2]);
                }
                break;
            case 1:
                for (var leaf = 0; leaf < 6; leaf++)
                {
                    var (dx, y) = ((leaf % 2 == 0 ? -1 : 1) * (34 + leaf * 5), 196 - leaf * 21);
                    brush.Line($"M200 244Q200 {y + 40} {200 + dx} {y}", greens[0], 5);
                    brush.Circle(200 + dx, y, 31 - leaf, greens[leaf % 2]);
                    brush.Line($"M{200 + dx - dx / 3} {y + 9}L{200 + dx + dx / 4} {y - 8}", greens[(leaf + 1) % 2], 3);
                }
                break;
            case 2:
                brush.Line($"M200 250Q{200 + lean} 200 200 118M200 214h-34q-14 0-14-16v-26M200 190h32q14 0 14-14v-32", greens[0], 36);
                brush.Line("M194 246V126M152 196v-20M246 172v-24", greens[1], 5);
                brush.Circle(200, 99, 10, brush.Colours.Accent);
                brush.Circle(246, 126, 7, brush.Colours.Accent);
                break;
            default:
                brush.Line($"M200 250Q{200 + lean} 180 200 104", greens[0], 6);
                for (var pair = 0; pair < 5; pair++)
                {
                    var (y, reach) = (226 - pair * 27, 76 - pair * 9);
                    brush.Path($"M200 {y}q{reach / 2}-40 {reach}-26q-14 36-{reach} 26z", greens[pair % 2]);
                    brush.Path($"M200 {y}q-{reach / 2}-40-{reach}-26q14 36 {reach} 26z", greens[(pair + 1) % 2]);
                }
                break;
        }
        var (rim, foot) = (random.Between(54, 66), random.Between(36, 50));
        brush.Shadow(foot + 22);
        brush.Body($"M{200 - rim} 236H{200 + rim}L{200 + foot} 318H{200 - foot}z", 200 - rim, 236, 200 + rim, 318, random.Next(6));
        brush.Box(196 - rim, 228, rim * 2 + 8, 18, 6, brush.Colours.Shade);
    }

    public static void Clock(Brush brush, ref SplitMix64 random)
    {
        var colours = brush.Colours;
        var radius = random.Between(84, 104);
        if (random.Next(2) == 0)
        {
            brush.Shadow(74, 320);
            brush.Line($"M{200 - radius / 2} {196 + radius * 8 / 10}L{188 - radius / 2} 316M{200 + radius / 2} {196 + radius * 8 / 10}L{212 + radius / 2} 316", Wood, 12);
        }
        else brush.Circle(207, 206, radius, colours.Shade, " opacity=\".2\"");
        brush.Circle(200, 196, radius, random.Next(3) == 0 ? Wood : colours.Main);
        brush.Circle(200, 196, radius - random.Between(9, 18), colours.Light);
        Ticks(brush, radius - 28, random.Pick<int>([4, 12]));
        var (hour, minute) = (random.Next(12), random.Next(60));
        var (hx, hy) = Hand(hour * 60 + minute, 720, radius * 45 / 100);
        var (mx, my) = Hand(minute, 60, radius * 66 / 100);
        brush.Line($"M200 196L{hx} {hy}", colours.Shade, 9);
        brush.Line($"M200 196L{mx} {my}", colours.Shade, 6);
        var (sx, sy) = Hand(random.Next(60), 60, radius * 70 / 100);
        brush.Line($"M{200 - (sx - 200) / 5} {196 - (sy - 196) / 5}L{sx} {sy}", colours.Accent, 3);
        brush.Circle(200, 196, 7, colours.Accent);
    }

    private static void Ticks(Brush brush, int radius, int count)
    {
        for (var tick = 0; tick < count; tick++)
        {
            var (x, y) = Hand(tick, count, radius);
            brush.Circle(x, y, tick % 3 == 0 ? 5 : 3, brush.Colours.Shade);
        }
    }

    private static (int X, int Y) Hand(int part, int whole, int length)
    {
        var (sine, cosine) = Math.SinCos(2 * Math.PI * part / whole);
        return ((int)Math.Round(200 + length * sine), (int)Math.Round(196 - length * cosine));
    }
}
