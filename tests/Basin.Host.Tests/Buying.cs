using Microsoft.Playwright;

namespace Basin.Host.Tests;

/// <summary>Somebody who buys one thing in the shop.</summary>
internal static class Buying
{
    extension(IPage page)
    {
        /// <summary>Ends on the page that follows the order.</summary>
        public async Task BuyAsync(string search)
        {
            await page.GotoAsync($"/?q={search}");
            await page.Locator(".product-grid a").First.ClickAsync();
            await page.AddToCartAsync();
            await page.CheckOutAsync();
        }

        /// <summary>From the page of a product to the cart.</summary>
        public async Task AddToCartAsync()
        {
            await page.GetByRole(AriaRole.Button, new() { Name = "Add to cart" }).ClickAsync();
            await page.WaitForURLAsync("**/cart", new() { WaitUntil = WaitUntilState.Commit });
        }

        /// <summary>From the cart to the page that follows the order.</summary>
        public async Task CheckOutAsync()
        {
            await page.GetByRole(AriaRole.Link, new() { Name = "Check out" }).ClickAsync();
            await page.GetByLabel("E-mail").FillAsync("ada@example.com");
            await page.GetByLabel("Name", new() { Exact = true }).FillAsync("Ada Lovelace");
            await page.GetByLabel("Street and number").FillAsync("Analytical Way 1");
            await page.GetByLabel("Postal code").FillAsync("10115");
            await page.GetByLabel("City").FillAsync("Berlin");
            await page.GetByRole(AriaRole.Button, new() { Name = "Pay €" }).ClickAsync();
            await page.WaitForURLAsync("**/orders/ord_*");
        }
    }
}
